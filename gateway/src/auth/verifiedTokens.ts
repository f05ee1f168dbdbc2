// SPDX-License-Identifier: Apache-2.0
import type { AccessToken } from './accessToken';

/**
 * How long a signature check is trusted: bounds what a withdrawn issuer key could still do beyond the token's
 * own five minutes.
 */
const MAX_AGE_MS = 60_000;
const MAX_TOKENS = 5000;

/**
 * Remembers tokens whose signature was verified moments ago, since a client sends one token with many
 * requests. Found by the whole token text alone; expiry is checked again at each use, and whatever can change
 * before (client, organisation) is not kept here at all.
 */
export class VerifiedTokens {
  readonly #kept = new Map<string, { readonly token: AccessToken; readonly until: number }>();

  find(text: string, nowMs: number): AccessToken | undefined {
    const kept = this.#kept.get(text);
    if (kept !== undefined && kept.until <= nowMs) {
      this.#kept.delete(text);
      return undefined;
    }
    return kept?.token;
  }

  keep(text: string, token: AccessToken, nowMs: number): void {
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= MAX_TOKENS && oldest !== undefined) {
      this.#kept.delete(oldest);
    }
    this.#kept.set(text, { token, until: Math.min(nowMs + MAX_AGE_MS, token.expiresAt * 1000) });
  }
}
