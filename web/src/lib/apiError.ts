// SPDX-License-Identifier: Apache-2.0

interface ApiErrorFacts {
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  /**
   * The server's problem code (RFC 9457 member `code`), or one of the portal's own: `UNREACHABLE`,
   * `UNREADABLE`.
   */
  readonly code: string;
  /** To quote to support; null when no answer came. */
  readonly requestId: string | null;
  readonly detail?: string | undefined;
  readonly cause?: unknown;
}

/** A request that did not bring an answer that can be used. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;
  readonly requestId: string | null;
  readonly detail: string | null;

  constructor(facts: ApiErrorFacts) {
    super(facts.code, { cause: facts.cause });
    this.status = facts.status;
    this.code = facts.code;
    this.requestId = facts.requestId;
    this.detail = facts.detail ?? null;
  }

  /** The session is over or was never there. */
  get isSignedOut(): boolean {
    return this.status === 401;
  }

  /**
   * The ledger or the server is away: reading what was loaded goes on, the same request may succeed later.
   */
  get isAway(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504;
  }

  /** The document was changed elsewhere since it was read (RFC 9110 §15.5.13). */
  get isConflict(): boolean {
    return this.status === 412;
  }
}
