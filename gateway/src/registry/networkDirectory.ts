// SPDX-License-Identifier: Apache-2.0
import type { NetworkSettings, Organisation } from '@chartwitness/chaincode/domain';
import type { Logger } from 'pino';
import { AppError } from '../errors';
import { LedgerError, ledgerFailureOf } from '../ledger/ledgerError';
import type { RegistryCache } from './registryCache';

/** Organisations' names and network settings for pages that must be drawn, whatever the ledger does. */
export interface NetworkDirectory {
  /** The organisation's name; its MSP id while the Registry has never answered, or does not know it. */
  readonly nameOf: (mspId: string) => string;
  /** As of the last {@link freshen}; empty before the first answer. */
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
 * @param log hears why the Registry cannot be read, once for each reason, and when it can be read again.
 */
export function createNetworkDirectory(
  registry: Pick<RegistryCache, 'organisations' | 'settings'>,
  log?: Pick<Logger, 'warn' | 'info'>,
): NetworkDirectory {
  let organisations: readonly Organisation[] = [];
  let names: ReadonlyMap<string, string> = new Map();
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
          names = new Map(found.map(({ mspId, name }) => [mspId, name]));
        }
        tell();
      } catch (error) {
        tell(error);
      }
    },
  };
}

function failureOf(error: unknown): { readonly problem: string } {
  return error instanceof LedgerError ? ledgerFailureOf(error) : { problem: 'INTERNAL' };
}
