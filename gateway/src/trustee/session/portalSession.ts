// SPDX-License-Identifier: Apache-2.0
import type { CookieOptions, Request, Response } from 'express';
import { z } from 'zod';
import type { SqlDatabase } from '../../sqlite/openDatabase';
import { createSealedCookie } from './sealedCookie';

/** A patient's signed-in browser. Times are milliseconds since the epoch. */
export interface PortalSession {
  readonly id: string;
  /** `sub` at the OpenID provider. */
  readonly login: string;
  readonly name: string;
  readonly csrfToken: string;
  readonly startedAt: number;
  readonly seenAt: number;
}

export interface SessionLifetime {
  /** Ends this long after the last request. */
  readonly idleMs: number;
  /** Ends this long after signing in, whatever happens. */
  readonly absoluteMs: number;
}

export const DEFAULT_SESSION_LIFETIME: SessionLifetime = { idleMs: 30 * 60_000, absoluteMs: 8 * 3_600_000 };

export interface PortalSessions {
  start(response: Response, login: string, name: string): Promise<PortalSession>;
  /**
   * The request's session, prolonged; `undefined` when there is none, it has ended, or the patient signed
   * out.
   */
  read(request: Request, response: Response): Promise<PortalSession | undefined>;
  /** Signs out: the cookie is removed, and refused should somebody have kept it. */
  end(response: Response, session: PortalSession): void;
  expiresAt(session: PortalSession): number;
}

export interface PortalSessionDeps {
  readonly database: SqlDatabase;
  readonly key: Uint8Array;
  readonly https: boolean;
  readonly clock: () => number;
  readonly randomId: () => string;
  readonly lifetime?: SessionLifetime;
}

const content = z.object({
  sid: z.string(),
  login: z.string(),
  name: z.string(),
  csrf: z.string(),
  started: z.number(),
  seen: z.number(),
});

/**
 * Beside the session's cookie: says only that there may be a session, and the portal's script can read it.
 * Without it the portal asks for nothing, so that a browser's console shows somebody who is signed out no
 * refused requests. It opens nothing.
 */
export const HINT_COOKIE = 'cw_here';

/** A cookie that is younger than this is not renewed, so that parallel requests do not each set one. */
const RENEW_AFTER_MS = 60_000;

/** Sessions live in the browser's sealed cookie; the server remembers only those that were ended early. */
export function createPortalSessions(deps: PortalSessionDeps): PortalSessions {
  const lifetime = deps.lifetime ?? DEFAULT_SESSION_LIFETIME;
  const cookie = createSealedCookie({
    purpose: 'session',
    key: deps.key,
    https: deps.https,
    clock: deps.clock,
  });
  const isEnded = deps.database.prepare('SELECT 1 FROM ended_session WHERE id = ?');
  const markEnded = deps.database.prepare('INSERT OR IGNORE INTO ended_session (id, until) VALUES (?, ?)');
  const forget = deps.database.prepare('DELETE FROM ended_session WHERE until < ?');

  const hint: CookieOptions = { sameSite: 'lax', secure: deps.https, path: '/' };
  const forgetHint = (request: Request, response: Response): void => {
    if (request.headers.cookie?.includes(`${HINT_COOKIE}=`) === true) {
      response.clearCookie(HINT_COOKIE, hint);
    }
  };
  const expiresAt = (session: PortalSession): number =>
    Math.min(session.seenAt + lifetime.idleMs, session.startedAt + lifetime.absoluteMs);
  const write = async (response: Response, session: PortalSession): Promise<void> => {
    const seconds = Math.max(1, Math.ceil((expiresAt(session) - deps.clock()) / 1000));
    const { id, login, name, csrfToken, startedAt, seenAt } = session;
    await cookie.set(
      response,
      { sid: id, login, name, csrf: csrfToken, started: startedAt, seen: seenAt },
      seconds,
    );
    response.cookie(HINT_COOKIE, '1', hint);
  };
  return {
    expiresAt,
    start: async (response, login, name) => {
      const now = deps.clock();
      const session = {
        id: deps.randomId(),
        login,
        name,
        csrfToken: deps.randomId(),
        startedAt: now,
        seenAt: now,
      };
      await write(response, session);
      return session;
    },
    read: async (request, response) => {
      const parsed = content.safeParse(await cookie.read(request));
      if (!parsed.success) {
        forgetHint(request, response);
        return undefined;
      }
      const { sid, login, name, csrf, started, seen } = parsed.data;
      const session = { id: sid, login, name, csrfToken: csrf, startedAt: started, seenAt: seen };
      const now = deps.clock();
      if (now >= expiresAt(session) || isEnded.get(sid) !== undefined) {
        forgetHint(request, response);
        return undefined;
      }
      if (now - seen < RENEW_AFTER_MS) {
        return session;
      }
      const renewed = { ...session, seenAt: now };
      await write(response, renewed);
      return renewed;
    },
    end: (response, session) => {
      forget.run(deps.clock());
      markEnded.run(session.id, session.startedAt + lifetime.absoluteMs);
      cookie.clear(response);
      response.clearCookie(HINT_COOKIE, hint);
    },
  };
}
