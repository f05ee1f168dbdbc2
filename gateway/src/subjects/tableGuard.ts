// SPDX-License-Identifier: Apache-2.0
import { setTimeout as wait } from 'node:timers/promises';
import { type IdentifierSystem, spelling } from '@chartwitness/chaincode/domain';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import { AppError } from '../errors';
import type { PartHealth } from '../http/health';
import { LedgerError, ledgerFailureOf } from '../ledger/ledgerError';
import type { ProvenanceLedger } from '../ledger/provenanceLedger';
import { writeIdentifierSystems } from './identifierText';

/** This service would make other subjects of the same patients than the rest of the network. */
export class TablesDiffer extends Error {
  override readonly name = 'TablesDiffer';
}

export interface RememberedTable {
  readonly systems: readonly IdentifierSystem[];
  /** When it was read: RFC 3339 UTC. */
  readonly asOf: string;
}

export interface TableGuardOptions {
  /** The table that this service uses. */
  readonly systems: readonly IdentifierSystem[];
  readonly ledger: Pick<ProvenanceLedger, 'findSettings'>;
  /** The network's table as it was read last, in an earlier life of this service. */
  readonly remembered?: RememberedTable | undefined;
  readonly log: Logger;
  /** How long the start waits for the ledger, in milliseconds. Default 5,000. */
  readonly startMs?: number;
  /** Pause between two looks while the ledger gives no answer, in milliseconds. Default 1,000. */
  readonly againMs?: number;
}

/** Sees that the service reads identifiers as the network does. */
export interface TableGuard {
  /** Lets requests pass, except once the tables are known to differ: then `IDENTIFIERS_DIFFER` (503). */
  readonly gate: RequestHandler;
  /**
   * Ready unless the tables differ. What is not compared yet is used, or an emergency would wait for the
   * ledger.
   */
  health(): PartHealth;
  close(): Promise<void>;
}

/** Why the tables are not compared yet; it is used until they are. */
interface Unknown {
  readonly why: string;
}

type Found = 'same' | Unknown | TablesDiffer;

const ASKED: Unknown = { why: 'the ledger has been asked and has not answered' };
/** How long a start waits whose table is that which was remembered: the ledger will say the same. */
const REMEMBERED_START_MS = 500;

/**
 * Compares the service's table with the ledger's. A ledger that does not answer, or that is not set up yet,
 * is looked at again until it does; settings are set once, so that one comparison is enough.
 * Meanwhile the table is compared with what is remembered. The ledger's word goes before that.
 * @throws TablesDiffer with both tables and what to do.
 */
export async function openTableGuard(options: TableGuardOptions): Promise<TableGuard> {
  const { log, remembered, systems } = options;
  const atFirst = remembered && compared(systems, remembered.systems, ` as of ${remembered.asOf}`);
  const startMs = Math.min(options.startMs ?? 5_000, atFirst === 'same' ? REMEMBERED_START_MS : Infinity);
  const stop = new AbortController();
  const stopped = new Promise<Unknown>((resolve) => {
    stop.signal.addEventListener('abort', () => {
      resolve(ASKED);
    });
  });
  let found = await Promise.race([look(options), wait(startMs, ASKED, { signal: stop.signal, ref: false })]);
  if (isUnknown(found) && atFirst instanceof TablesDiffer) {
    found = atFirst;
  }
  if (found instanceof TablesDiffer) {
    throw found;
  }
  const isStopped = (): boolean => stop.signal.aborted;
  const watching = (async (): Promise<void> => {
    while (isUnknown(found) && !stop.signal.aborted) {
      await wait(options.againMs ?? 1_000, undefined, { signal: stop.signal }).catch(() => undefined);
      found = isStopped() ? found : await Promise.race([look(options), stopped]);
    }
    if (found instanceof TablesDiffer) {
      log.fatal({ err: found }, found.message);
    }
  })();
  if (isUnknown(found)) {
    log.warn(
      { reason: found.why, remembered: remembered?.asOf },
      'the ledger does not tell its identifier systems yet; this service uses its own and compares them as soon as it does',
    );
  }
  return {
    gate: (_request, _response, next) => {
      next(found instanceof TablesDiffer ? new AppError('IDENTIFIERS_DIFFER', found.message) : undefined);
    },
    health: () => {
      if (found instanceof TablesDiffer) {
        return { ready: false, detail: found.message };
      }
      if (isUnknown(found)) {
        const like = remembered === undefined ? '' : `, like the Registry's as of ${remembered.asOf}`;
        return { ready: true, detail: `in use${like}, but not compared with the ledger yet: ${found.why}` };
      }
      return { ready: true };
    },
    close: async () => {
      stop.abort();
      await watching;
    },
  };
}

async function look({ systems, ledger, log }: TableGuardOptions): Promise<Found> {
  try {
    const settings = await ledger.findSettings();
    if (settings === undefined) {
      return { why: 'the network has no settings yet: the trustee has to initialise it' };
    }
    return compared(systems, settings.identifierSystems);
  } catch (error) {
    // The parts that need the ledger's answer log why there is none; the comparison waits.
    log.debug({ err: error }, 'the network’s identifier systems could not be read');
    if (!(error instanceof LedgerError)) {
      return { why: 'its settings could not be read' };
    }
    const { reason, remedy } = ledgerFailureOf(error);
    return { why: `${reason}: ${remedy}` };
  }
}

/** @param asOf when the ledger said so, where that is not now. */
function compared(
  own: readonly IdentifierSystem[],
  network: readonly IdentifierSystem[],
  asOf = '',
): 'same' | TablesDiffer {
  return isSame(own, network) ? 'same' : differing(own, network, asOf);
}

function isUnknown(found: Found): found is Unknown {
  return found !== 'same' && !(found instanceof TablesDiffer);
}

/** Order, URIs and forms count: pseudonyms are made of them. The order of aliases does not. */
function isSame(own: readonly IdentifierSystem[], network: readonly IdentifierSystem[]): boolean {
  return JSON.stringify(own.map(comparable)) === JSON.stringify(network.map(comparable));
}

function comparable({ system, aliases, form }: IdentifierSystem): unknown {
  return [system, form, aliases.map(spelling).sort()];
}

function differing(
  own: readonly IdentifierSystem[],
  network: readonly IdentifierSystem[],
  asOf: string,
): TablesDiffer {
  const theirs = writeIdentifierSystems(network);
  return new TablesDiffer(
    'SUBJECT_IDENTIFIER_SYSTEMS is not the table in the network’s settings, so the same patients would be other subjects here. ' +
      `Here: ${writeIdentifierSystems(own)}. On the ledger${asOf}: ${theirs}. ` +
      `Set SUBJECT_IDENTIFIER_SYSTEMS="${theirs}" and start again.`,
  );
}
