// SPDX-License-Identifier: Apache-2.0
import type { NetworkSettings, Organisation } from '@chartwitness/chaincode/domain';
import type { Logger } from 'pino';
import { AppError } from '../errors';
import type { ProvenanceLedger } from '../ledger/provenanceLedger';
import { problemOf } from './problems';

/** What the Registry says, kept until it announces a change. */
export interface NetworkDirectory {
  /** The organisation's name; its MSP id while the Registry has never answered, or does not know it. */
  readonly nameOf: (mspId: string) => string;
  /** As last seen; empty before the first answer. */
  organisations(): readonly Organisation[];
  /**
   * @throws AppError LEDGER_UNAVAILABLE while the network is not set up or the ledger has never answered.
   */
  settings(): Promise<NetworkSettings>;
  /** Reads organisations and settings anew. @throws LedgerError */
  refresh(): Promise<void>;
  /** Marks what is cached as old; the next question reads anew, and falls back to the old answer while the ledger is away. */
  readonly expire: () => void;
  /** Reads anew if marked old. Never fails: names are a convenience, a list must not depend on them. */
  freshen(): Promise<void>;
}

const RETRY_SECONDS = 2;

/** @param log is told why the Registry cannot be read, once for each reason, and when it can be read again. */
export function createNetworkDirectory(
  ledger: Pick<ProvenanceLedger, 'organisations' | 'findSettings'>,
  log?: Pick<Logger, 'warn' | 'info'>,
): NetworkDirectory {
  let organisations: readonly Organisation[] = [];
  let names: ReadonlyMap<string, string> = new Map();
  let settings: NetworkSettings | undefined;
  let isOld = true;
  let reading: Promise<void> | undefined;
  let trouble: string | undefined;

  const tell = (error?: unknown): void => {
    const problem = error === undefined ? undefined : problemOf(error);
    if (problem?.kind === trouble) {
      return;
    }
    trouble = problem?.kind;
    if (problem === undefined) {
      log?.info('the Registry can be read again');
    } else {
      const { kind, text, remedy } = problem;
      const cause = error instanceof Error ? error.message : String(error);
      log?.warn({ problem: kind, reason: text, cause, remedy }, 'the Registry cannot be read');
    }
  };

  const read = async (): Promise<void> => {
    isOld = false;
    try {
      [organisations, settings] = await Promise.all([ledger.organisations(), ledger.findSettings()]);
      names = new Map(organisations.map(({ mspId, name }) => [mspId, name]));
      // An empty answer is asked for again: the network is still being set up.
      isOld ||= settings === undefined;
      tell();
    } catch (error) {
      isOld = true;
      tell(error);
      throw error;
    }
  };
  const refresh = async (): Promise<void> => {
    reading ??= read().finally(() => {
      reading = undefined;
    });
    await reading;
  };
  const freshen = async (): Promise<void> => {
    if (isOld) {
      await refresh().catch(() => undefined);
    }
  };
  return {
    nameOf: (mspId) => names.get(mspId) ?? mspId,
    organisations: () => organisations,
    settings: async () => {
      if (isOld || settings === undefined) {
        await (settings === undefined ? refresh() : freshen());
      }
      if (settings === undefined) {
        throw new AppError('LEDGER_UNAVAILABLE', 'the network has no settings yet', {
          retryAfterSeconds: RETRY_SECONDS,
        });
      }
      return settings;
    },
    refresh,
    expire: () => {
      isOld = true;
    },
    freshen,
  };
}
