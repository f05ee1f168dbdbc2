// SPDX-License-Identifier: Apache-2.0
import type { JsonObject } from './strictJson';

/** What a valid access token says. Times are seconds since the epoch. */
export interface AccessToken {
  readonly issuer: string;
  readonly subject: string;
  readonly clientId: string;
  readonly scope: string;
  readonly tokenId: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly claims: JsonObject;
}
