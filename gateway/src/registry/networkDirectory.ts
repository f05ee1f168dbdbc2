// SPDX-License-Identifier: Apache-2.0
import type { NetworkSettings, Organisation } from '@chartwitness/chaincode/domain';
import type { Logger } from 'pino';
import { AppError } from '../errors';
import { LedgerError, ledgerFailureOf } from '../ledger/ledgerError';
import type { RegistryCache } from './registryCache';

/** Organisations' names and network settings for pages that must be drawn, whatever the ledger does. */
export interface NetworkDirectory {
  /** The organisation's name; its MSP id where no Registry was ever read, or none that knows it. */
  readonly nameOf: (mspId: string) => string;
  /** As of the last {@link freshen}; before the first, as they were remembered. */
  organisations(): readonly Organisation[];
  /**
   * @throws AppError LEDGER_UNAVAILABLE while the network is not set up. LedgerError when the ledger can
   *   neither be read nor remembered.
   */
  settings(): Promise<NetworkSettings>;
  /**
   * Takes what the Registry says now. Never fails: names are a convenience, a list must not depend on them.
   */
  freshen(): Promise<void>;
}

const RETRY_SECONDS = 2;

/**
 * @param remembered organisations as a process before this one has read them, however long ago.
 * @param log hears why the Registry cannot be read, once for each reason, and when it can be read again.
 */
export function createNetworkDirectory(
  registry: Pick<RegistryCache, 'organisations' | 'settings'>,
  remembered: readonly Organisation[] = [],
  log?: Pick<Logger, 'warn' | 'info'>,
): NetworkDirectory {
  let organisations = remembered;
  let names = namesOf(organisations);
  let said: string | undefined;

  const tell = (error?: unknown): void => {
    const failure = error === undefined ? undefined : failureOf(error);
    if (failure?.problem === said) {
      return;
    }
    said = failure?.problem;
    if (failure === undefined) {
      log?.info('the Registry can be read again');
    } else {
      const cause = error instanceof Error ? error.message : String(error);
      log?.warn({ ...failure, cause }, 'the Registry cannot be read');
    }
  };
  return {
    nameOf: (mspId) => names.get(mspId) ?? mspId,
    organisations: () => organisations,
    settings: async () => {
      const settings = await registry.settings();
      if (settings === undefined) {
        throw new AppError('LEDGER_UNAVAILABLE', 'the network has no settings yet', {
          retryAfterSeconds: RETRY_SECONDS,
        });
      }
      return settings;
    },
    freshen: async () => {
      try {
        const found = await registry.organisations();
        if (found !== organisations) {
          organisations = found;
          names = namesOf(found);
        }
        tell();
      } catch (error) {
        tell(error);
      }
    },
  };
}

function namesOf(organisations: readonly Organisation[]): ReadonlyMap<string, string> {
  return new Map(organisations.map(({ mspId, name }) => [mspId, name]));
}

function failureOf(error: unknown): { readonly problem: string } {
  return error instanceof LedgerError ? ledgerFailureOf(error) : { problem: 'INTERNAL' };
}
