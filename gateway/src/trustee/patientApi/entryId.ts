// SPDX-License-Identifier: Apache-2.0
import { DomainError, formatLane } from '@chartwitness/chaincode/domain';
import type { EntryAddress } from '../../readmodel/accessStore';

/** An MSP id of 128 characters, a gateway's name of 32, sixteen digits, two separators. */
const MAX_LENGTH = 178;
/** `~` is in neither name, and needs no escape in a URL. */
const FORM = /^([^~]+)~([^~]+)~(0|[1-9]\d{0,15})$/;

/**
 * An entry's id in the API: `<MSP id>~<gateway name>~<number>`, the address of an event on the ledger. The
 * events' own ids are not used: a gateway could give one twice, and the second event would hide behind the
 * first.
 */
export function formatEntryId({ lane, number }: EntryAddress): string {
  return `${lane.replace('/', '~')}~${String(number)}`;
}

/**
 * @returns `undefined` for anything that {@link formatEntryId} does not write; each address has one spelling.
 */
export function parseEntryId(text: string): EntryAddress | undefined {
  const [, mspId = '', gateway = '', digits = ''] = (text.length <= MAX_LENGTH && FORM.exec(text)) || [];
  const number = Number(digits);
  if (digits === '' || !Number.isSafeInteger(number)) {
    return undefined;
  }
  try {
    return { lane: formatLane(mspId, gateway), number };
  } catch (error) {
    if (error instanceof DomainError) {
      return undefined;
    }
    throw error;
  }
}
