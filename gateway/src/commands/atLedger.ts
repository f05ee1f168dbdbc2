// SPDX-License-Identifier: Apache-2.0
import { type DomainErrorCode, ROLE_ATTRIBUTE } from '@chartwitness/chaincode/domain';
import { pino } from 'pino';
import { connectToPeer } from '../compose/openLedger';
import { type LedgerConfig, parseLedgerConfig } from '../config/peerConfig';
import { HsmError } from '../ledger/hsmSigner';
import { LedgerError, type LedgerErrorKind } from '../ledger/ledgerError';
import type { ProvenanceLedger } from '../ledger/provenanceLedger';
import { CommandFailed, type CommandIo } from '../cli/commandIo';

/**
 * Runs `work` over a connection to the peer that the FABRIC_ variables name.
 * @throws ConfigError with every problem of the variables; {@link CommandFailed} for what the ledger refuses
 *   or does not answer.
 */
export async function atLedger(
  io: CommandIo,
  work: (ledger: ProvenanceLedger) => Promise<void>,
): Promise<void> {
  const config = parseLedgerConfig(io.environment);
  const ledger = await connectToPeer(config, config.peer, pino({ level: 'silent' }));
  try {
    await work(ledger);
  } catch (error) {
    throw error instanceof LedgerError ? explain(error, config) : error;
  } finally {
    ledger.close();
  }
}

const NOT_INITIALISED =
  'The network has no settings yet. The trustee sets it up first: chartwitness registry initialise';

/** What the operator may do about a refusal. */
const REMEDIES: Readonly<Partial<Record<DomainErrorCode, string>>> = {
  NOT_ALLOWED: `FABRIC_MSP_ID, FABRIC_CERT_FILE and FABRIC_KEY_FILE decide as whom a command runs; its certificate carries the attribute ${ROLE_ATTRIBUTE}.`,
  NOT_FOUND: 'chartwitness registry list and registry client list show what there is.',
  SUSPENDED: 'The trustee can take the organisation back: chartwitness registry activate <MSP id>',
  CONFLICT: 'chartwitness registry list and registry client list show who has it.',
};

const REASONS: Readonly<Record<Exclude<LedgerErrorKind, 'rejected'>, (endpoint: string) => string>> = {
  unavailable: (endpoint) =>
    `The peer at ${endpoint} did not answer, or not enough organisations' peers did. Nothing was changed; try again when they run`,
  retryable: () => 'Other changes came in between each time. Nothing was changed; run the command once more',
  unknown: () =>
    'The change was sent and its outcome is not known. Look with `list`, or run the command once more: it changes nothing that is there already',
};

function explain(error: LedgerError, { mspId, peer }: LedgerConfig): CommandFailed {
  if (error.domainCode === 'NOT_INITIALISED') {
    return new CommandFailed(NOT_INITIALISED, { cause: error });
  }
  if (error.kind === 'unavailable' && error.cause instanceof HsmError) {
    return new CommandFailed(`Nothing was changed. ${error.message}`, { cause: error });
  }
  if (error.kind !== 'rejected') {
    return new CommandFailed(`${REASONS[error.kind](peer.endpoint)}. (${error.message})`, { cause: error });
  }
  const remedy = error.domainCode === undefined ? undefined : REMEDIES[error.domainCode];
  const refusal = `The ledger refused this to ${mspId}: ${error.message}.`;
  return new CommandFailed(remedy === undefined ? refusal : `${refusal} ${remedy}`, { cause: error });
}
