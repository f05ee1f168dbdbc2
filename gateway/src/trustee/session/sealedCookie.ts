// SPDX-License-Identifier: Apache-2.0
import { hkdfSync } from 'node:crypto';
import type { CookieOptions, Request, Response } from 'express';
import { EncryptJWT, errors, jwtDecrypt, type JWTPayload } from 'jose';

export interface SealedCookieOptions {
  /**
   * What the cookie is for; part of its name and of its key, so that one cookie cannot stand for another.
   * `[a-z]+`.
   */
  readonly purpose: string;
  /** 256 bits. */
  readonly key: Uint8Array;
  /** Whether the public URL is https. */
  readonly https: boolean;
  readonly clock: () => number;
  /** Where the browser sends it; default everywhere (`/`). */
  readonly path?: string;
  /** How long the browser keeps it; default until it is closed. */
  readonly lasts?: 'browser' | 'seconds';
}

/**
 * A cookie whose content only this service can read or make (JWE, `dir`, A256GCM), HttpOnly and SameSite=Lax.
 */
export interface SealedCookie {
  /**
   * Name without the suffix. Over https it has the prefix `__Host-`: no other host and no plain http can set
   * it (RFC 6265bis §4.1.3); with a path of its own `__Secure-`, which keeps out plain http.
   */
  readonly name: string;
  set(response: Response, content: JWTPayload, seconds: number, suffix?: string): Promise<void>;
  /** The content; `undefined` when the cookie is absent, altered, made under another key, or too old. */
  read(request: Request, suffix?: string): Promise<JWTPayload | undefined>;
  clear(response: Response, suffix?: string): void;
}

export function createSealedCookie(options: SealedCookieOptions): SealedCookie {
  const { path = '/', lasts = 'browser' } = options;
  const prefix = path === '/' ? '__Host-' : '__Secure-';
  const name = `${options.https ? prefix : ''}cw_${options.purpose}`;
  const key = new Uint8Array(hkdfSync('sha256', options.key, '', `cookie ${options.purpose}`, 32));
  const attributes: CookieOptions = { httpOnly: true, sameSite: 'lax', secure: options.https, path };
  const full = (suffix: string): string => (suffix === '' ? name : `${name}_${suffix}`);
  return {
    name,
    set: async (response, content, seconds, suffix = '') => {
      const now = Math.floor(options.clock() / 1000);
      const sealed = await new EncryptJWT(content)
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
        .setIssuedAt(now)
        .setExpirationTime(now + seconds)
        .encrypt(key);
      // Whatever the browser does, it ends inside, by `exp`.
      const age = lasts === 'seconds' ? { maxAge: seconds * 1000 } : {};
      response.cookie(full(suffix), sealed, { ...attributes, ...age });
    },
    read: async (request, suffix = '') => {
      const sealed = cookieOf(request, full(suffix));
      if (sealed === undefined) {
        return undefined;
      }
      try {
        const { payload } = await jwtDecrypt(sealed, key, {
          keyManagementAlgorithms: ['dir'],
          contentEncryptionAlgorithms: ['A256GCM'],
          requiredClaims: ['exp', 'iat'],
          currentDate: new Date(options.clock()),
        });
        return payload;
      } catch (error) {
        if (error instanceof errors.JOSEError || error instanceof TypeError) {
          return undefined;
        }
        throw error;
      }
    },
    clear: (response, suffix = '') => {
      response.clearCookie(full(suffix), attributes);
    },
  };
}

/** The first cookie of that name (RFC 6265 §5.4 puts the one with the longest path first). */
function cookieOf(request: Request, name: string): string | undefined {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === name) {
      return pair.slice(at + 1).trim();
    }
  }
  return undefined;
}
