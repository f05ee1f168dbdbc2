// SPDX-License-Identifier: Apache-2.0
import { LedgerError, type LedgerFailureReason } from './ledgerError';
import type { ProvenanceLedger } from './provenanceLedger';

export type HangingLedger = Pick<
  ProvenanceLedger,
  'mspId' | 'findSettings' | 'takesTime' | 'ownHeight' | 'knownHeight'
>;

/** How long the trustee's peer may take to tell its height. */
const HEIGHT_MS = 1_000;
/** A peer that is given blocks has a further one within this time where it lacks some. */
const BLOCK_MS = 2_000;

/**
 * What of the own organisation does not do its part: its peer, or the peer's chaincode.
 * @param lane of the own organisation where it is a holder.
 * @returns `undefined` when both answer. Never rejects.
 */
export async function ownHangs(
  ledger: Pick<ProvenanceLedger, 'mspId' | 'takesTime' | 'ownHeight'>,
  lane?: string,
): Promise<LedgerFailureReason | undefined> {
  const peer = await failureOf(ledger.ownHeight());
  return peer === undefined
    ? chaincodeTrouble(await failureOf(ledger.takesTime(ledger.mspId, lane)))
    : (reasonOf(peer) ?? 'NO_ANSWER');
}

/**
 * Who does not do their part while no batch commits, found by asking each: the own peer, its chaincode, the
 * trustee's peer with its chaincode. An own peer that lacks blocks and gets none has no orderer. Takes as
 * long as the calls that nobody answers.
 * @returns `undefined` when all answer and none is behind. Never rejects.
 */
export async function whatHangs(
  ledger: HangingLedger,
  lane: string,
  pause: (milliseconds: number) => Promise<void>,
): Promise<LedgerFailureReason | undefined> {
  const peer = await failureOf(ledger.ownHeight());
  if (peer !== undefined) {
    return reasonOf(peer) ?? 'NO_ANSWER';
  }
  const [own, trustees] = await Promise.all([
    failureOf(ledger.takesTime(ledger.mspId, lane)),
    failureOf(askTrustee(ledger, lane)),
  ]);
  if (own !== undefined) {
    return chaincodeTrouble(own);
  }
  return trustees === undefined ? missingBlocks(ledger, pause) : 'TRUSTEE_AWAY';
}

/** Of a failed question to the chaincode of a peer that has itself just answered. */
function chaincodeTrouble(error: unknown): LedgerFailureReason | undefined {
  const reason = reasonOf(error);
  const isNamed = reason !== undefined && reason !== 'NO_ANSWER';
  return error === undefined || isNamed ? reason : 'CHAINCODE_SILENT';
}

async function askTrustee(ledger: HangingLedger, lane: string): Promise<void> {
  const trustee = (await ledger.findSettings())?.trustee;
  if (trustee !== undefined) {
    await ledger.takesTime(trustee, lane);
  }
}

async function missingBlocks(
  ledger: HangingLedger,
  pause: (milliseconds: number) => Promise<void>,
): Promise<LedgerFailureReason | undefined> {
  try {
    const known = await ledger.knownHeight(HEIGHT_MS);
    const before = await ledger.ownHeight();
    if (before >= known) {
      return undefined;
    }
    await pause(BLOCK_MS);
    const after = await ledger.ownHeight();
    if (after >= known) {
      return undefined;
    }
    return after > before ? 'PEER_BEHIND' : 'ORDERER_AWAY';
  } catch (error) {
    return reasonOf(error) ?? 'NO_ANSWER';
  }
}

/** What the chaincode answers, a refusal included, is no failure. */
async function failureOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
    return undefined;
  } catch (error) {
    return error instanceof LedgerError && error.domainCode !== undefined ? undefined : error;
  }
}

function reasonOf(error: unknown): LedgerFailureReason | undefined {
  return error instanceof LedgerError ? error.reason : undefined;
}
