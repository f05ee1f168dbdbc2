// SPDX-License-Identifier: Apache-2.0
/** How the questions call our chaincode, and who asks them. */
import type { AccessRequest, BatchInput } from '@chartwitness/chaincode/domain';
import type { Contract, Transaction } from '@hyperledger/fabric-gateway';
import type { LedgerStage } from '../../gateway/src/ledger/ledgerErrors';
import { NORTH, type TestNetwork, TRUSTEE } from '../gateway/ledger/network';
import type { Caller } from './connections';

export interface Cast {
  readonly net: TestNetwork;
  readonly trustee: Caller;
  readonly north: Caller;
  readonly south: Caller;
  /** The holder's administrator: a member without a role attribute. */
  readonly clerk: Caller;
}

export interface Question {
  readonly name: string;
  readonly stage: LedgerStage;
  readonly run: (cast: Cast) => Promise<unknown>;
}

export type Submission = Parameters<Contract['submit']>[1] & object;

export const LANE = `${NORTH}/ward`;
export const HOSPITAL_AND_TRUSTEE = [NORTH, TRUSTEE];

export const asked = (name: string, run: Question['run']): Question => ({ name, stage: 'evaluate', run });
export const submitted = (name: string, run: Question['run']): Question => ({ name, stage: 'endorse', run });

export async function read({ contract }: Caller, name: string, ...args: string[]): Promise<string> {
  return Buffer.from(await contract.evaluateTransaction(name, ...args)).toString();
}

/** The same of another organisation's peer, by way of the own one. */
export async function readAt(
  mspId: string,
  { contract }: Caller,
  name: string,
  ...args: string[]
): Promise<string> {
  const answer = await contract.evaluate(name, { arguments: args, endorsingOrganizations: [mspId] });
  return Buffer.from(answer).toString();
}

/** What holds of a batch's events whichever ledger has them: salts differ. */
export function outcomesIn(batch: string): [string, string][] {
  const { events } = JSON.parse(batch) as { events: { id: string; outcome: string }[] };
  return events.map(({ id, outcome }) => [id, outcome]);
}

export async function write(
  { contract }: Caller,
  name: string,
  args: readonly string[],
  options: Submission = {},
): Promise<string> {
  return Buffer.from(await contract.submit(name, { arguments: [...args], ...options })).toString();
}

export const batchOf = (start: number, ...requests: AccessRequest[]): string =>
  JSON.stringify({ start, requests } satisfies BatchInput);

/** Records a batch in the holder's lane; `more` changes who endorses or what is sent. */
export function record(
  caller: Caller,
  seq: number | string,
  batch: string | Uint8Array,
  more: Submission = {},
  lane = LANE,
): Promise<string> {
  return write(caller, 'Access:Record', [lane, String(seq)], {
    transientData: { batch },
    endorsingOrganizations: HOSPITAL_AND_TRUSTEE,
    ...more,
  });
}

const changeId = (number: number): string => Buffer.alloc(16, number).toString('base64url');

export function consent(policy: object, change: number, more: Submission = {}): Submission {
  return {
    transientData: { policy: JSON.stringify(policy), changeId: changeId(change) },
    endorsingOrganizations: [TRUSTEE],
    ...more,
  };
}

/** Hands in transactions that were endorsed on the same state; their validation codes. */
export async function race(...transactions: Transaction[]): Promise<number[]> {
  const commits = [];
  for (const transaction of transactions) {
    commits.push(await transaction.submit());
  }
  return (await Promise.all(commits.map((commit) => commit.getStatus()))).map(({ code }) => code);
}
