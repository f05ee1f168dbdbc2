// SPDX-License-Identifier: Apache-2.0
import { errors, type Provider } from 'oidc-provider';
import { isStorageFailure } from '../sqlite/storageFailure';

const RETRY_AFTER_SECONDS = 5;

/** Neither a refusal of the client nor a fault of the server: 503, the client tries again later. */
export class TemporarilyUnavailable extends errors.OIDCProviderError {
  /** @param description shown to the client. */
  constructor(description: string, cause: unknown) {
    super(503, 'temporarily_unavailable', { cause });
    this.expose = true;
    this.error_description = description;
  }
}

/** A client that asks for more tokens than it may: 429, the client tries again later. */
export class TooManyRequests extends errors.OIDCProviderError {
  constructor(cause: unknown) {
    super(429, 'temporarily_unavailable', { cause });
    this.expose = true;
    this.error_description = 'too many token requests of this client; try again later';
  }
}

/** Runs what the library asks of an SQLite store; what the disk refuses is no answer about the request. */
export function fromStore<T>(work: () => T): Promise<T> {
  try {
    return Promise.resolve(work());
  } catch (error) {
    return Promise.reject(
      isStorageFailure(error)
        ? new TemporarilyUnavailable('this server cannot write its store; try again later', error)
        : (error as Error),
    );
  }
}

/**
 * Gives the provider's 503 and 429 the time to come back; an answer with a token keeps the connection, see
 * `http/connectionEnd`.
 */
export function sayWhenToRetry(provider: Provider): void {
  provider.use(async (context, next) => {
    await next();
    if (context.status === 503 || context.status === 429) {
      context.set('Retry-After', String(RETRY_AFTER_SECONDS));
    }
    if (context.status === 200 && context.path === '/token') {
      context.remove('Connection');
    }
  });
}
