// SPDX-License-Identifier: Apache-2.0
import type { Request, Response } from 'express';
import { z } from 'zod';
import { createSealedCookie } from '../session/sealedCookie';

const content = z.object({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  returnTo: z.string(),
  iat: z.number(),
});

/** What a sign-in needs when the browser comes back from the provider. */
export type PendingSignIn = Omit<z.infer<typeof content>, 'iat'>;

export interface PendingSignIns {
  keep(request: Request, response: Response, pending: PendingSignIn): Promise<void>;
  /**
   * The sign-in that `state` belongs to, once; `undefined` when this browser began none, or it is too old.
   */
  take(request: Request, response: Response, state: unknown): Promise<PendingSignIn | undefined>;
}

export interface PendingSignInsDeps {
  /** 256 bits. */
  readonly key: Uint8Array;
  /** Whether the public URL is https. */
  readonly https: boolean;
  readonly clock: () => number;
}

const SECONDS = 600;
/**
 * Sign-ins that one browser may have under way, in as many tabs; the next one replaces the oldest. A cookie
 * each, of fixed names: sign-ins that were abandoned must not pile up until requests are refused for their
 * size (431).
 */
const SLOTS = ['0', '1', '2', '3', '4'];

/** Sign-ins under way live in the browser's sealed cookies, which only `/auth` is sent. */
export function createPendingSignIns(deps: PendingSignInsDeps): PendingSignIns {
  const cookie = createSealedCookie({ ...deps, purpose: 'signin', path: '/auth', lasts: 'seconds' });
  const read = async (request: Request, slot: string): Promise<z.infer<typeof content> | undefined> => {
    const parsed = content.safeParse(await cookie.read(request, slot));
    return parsed.success ? parsed.data : undefined;
  };
  const slotsOf = (request: Request) =>
    Promise.all(SLOTS.map(async (slot) => ({ slot, pending: await read(request, slot) })));
  return {
    keep: async (request, response, pending) => {
      const slots = await slotsOf(request);
      const [free] = slots.sort((one, other) => (one.pending?.iat ?? 0) - (other.pending?.iat ?? 0));
      await cookie.set(response, { ...pending }, SECONDS, free?.slot);
    },
    take: async (request, response, state) => {
      const found = (await slotsOf(request)).find(({ pending }) => pending?.state === state);
      if (found?.pending === undefined) {
        return undefined;
      }
      cookie.clear(response, found.slot);
      return found.pending;
    },
  };
}
