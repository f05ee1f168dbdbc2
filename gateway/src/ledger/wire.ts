// SPDX-License-Identifier: Apache-2.0
import {
  type BatchRecord,
  type ClientApplication,
  decodePermitted,
  DomainError,
  LEDGER_EVENTS,
  type NetworkSettings,
  type Organisation,
  parseAccessRecorded,
  parseBatchRecord as batchRecordOf,
  parseClient as clientOf,
  parseConsentChanged,
  parseConsentDocument,
  parseLane,
  parseOrganisation,
  parsePrivateBatch as privateBatchOf,
  parseRegistryChanged,
  parseSettings as settingsOf,
  type PrivateBatch,
} from '@chartwitness/chaincode/domain';
import { LedgerError } from './ledgerError';
import type { ConsentVersion, LedgerEvent, LedgerPosition } from './provenanceLedger';

/*
 * What the chaincode returns and announces, checked before anything believes it: two organisations endorsed
 * the bytes, but this process may be older or newer than their chaincode. Every parser throws LedgerError
 * `rejected` with `CORRUPT`.
 */

export const parseBatchRecord = (bytes: Uint8Array): BatchRecord =>
  parse(batchRecordOf, bytes, 'batch record');
export const parsePrivateBatch = (bytes: Uint8Array): PrivateBatch =>
  parse(privateBatchOf, bytes, 'private batch');
export const parseLanes = (bytes: Uint8Array): readonly string[] => parse(listOf(laneOf), bytes, 'lanes');
export const parseConsentVersion = (bytes: Uint8Array): ConsentVersion =>
  parse(consentVersionOf, bytes, 'consent');
export const parseConsentHistory = (bytes: Uint8Array): readonly ConsentVersion[] =>
  parse(listOf(consentVersionOf), bytes, 'consent history');
export const parseOrganisations = (bytes: Uint8Array): readonly Organisation[] =>
  parse(listOf(parseOrganisation), bytes, 'organisations');
export const parseClient = (bytes: Uint8Array): ClientApplication => parse(clientOf, bytes, 'client');
export const parseClients = (bytes: Uint8Array): readonly ClientApplication[] =>
  parse(listOf(clientOf), bytes, 'clients');
export const parseSettings = (bytes: Uint8Array): NetworkSettings => parse(settingsOf, bytes, 'settings');
export const parseVersion = (bytes: Uint8Array): number => parse(versionOf, bytes, 'consent version');

/** A chaincode event of ours; `undefined` for a name that this version does not know. */
export function parseLedgerEvent(
  name: string,
  payload: Uint8Array,
  position: LedgerPosition,
): LedgerEvent | undefined {
  switch (name) {
    case LEDGER_EVENTS.accessRecorded:
      return { ...position, name: 'AccessRecorded', payload: parse(parseAccessRecorded, payload, name) };
    case LEDGER_EVENTS.consentChanged:
      return { ...position, name: 'ConsentChanged', payload: parse(parseConsentChanged, payload, name) };
    case LEDGER_EVENTS.registryChanged:
      return { ...position, name: 'RegistryChanged', payload: parse(parseRegistryChanged, payload, name) };
    default:
      return undefined;
  }
}

/**
 * The bitmap that `Access:Record` returns, cut to the requests' items.
 * @param itemCounts number of items of each request, in order.
 */
export function parsePermitted(bytes: Uint8Array, itemCounts: readonly number[]): boolean[][] {
  try {
    return decodePermitted(Buffer.from(bytes).toString('utf8'), itemCounts);
  } catch (error) {
    throw unreadable('bitmap of permitted items', error);
  }
}

function consentVersionOf(value: unknown): ConsentVersion {
  const { document, at } = membersOf(value);
  if (typeof at !== 'string' || Number.isNaN(Date.parse(at))) {
    throw new DomainError('CORRUPT', 'consent: expected an instant in at');
  }
  return { document: parseConsentDocument(document), at };
}

function laneOf(value: unknown): string {
  if (typeof value !== 'string') {
    throw new DomainError('CORRUPT', 'expected the name of a lane');
  }
  parseLane(value);
  return value;
}

function versionOf(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1) {
    throw new DomainError('CORRUPT', 'expected a version number');
  }
  return value;
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) {
    throw new DomainError('CORRUPT', 'expected an object');
  }
  return { ...value };
}

function listOf<T>(parseOne: (value: unknown) => T): (value: unknown) => readonly T[] {
  return (value) => {
    if (!Array.isArray(value)) {
      throw new DomainError('CORRUPT', 'expected a list');
    }
    return value.map(parseOne);
  };
}

function parse<T>(parseValue: (value: unknown) => T, bytes: Uint8Array, what: string): T {
  try {
    return parseValue(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch (error) {
    throw unreadable(what, error);
  }
}

function unreadable(what: string, cause: unknown): LedgerError {
  // The text itself may hold private data, so it is not repeated.
  return new LedgerError(
    'rejected',
    `the ledger's ${what} does not have the form that this version expects`,
    {
      domainCode: 'CORRUPT',
      cause,
    },
  );
}
