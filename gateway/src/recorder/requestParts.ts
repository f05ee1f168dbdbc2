// SPDX-License-Identifier: Apache-2.0
import { type AccessRequest, DomainError, parseAccessRequest } from '@chartwitness/chaincode/domain';
import { AppError } from '../errors';

/** What all parts of a request have in common. */
const COMMON = ['subject', 'purpose', 'action', 'requestedAt'] as const;

/**
 * The parts of one request, each with its documented form: numbered from 1, about one subject, by one
 * requester for one purpose. What a release before the record and an amendment say is the recorder's to say.
 * @throws AppError `BAD_REQUEST`.
 */
export function checkedParts(parts: readonly AccessRequest[]): readonly AccessRequest[] {
  const checked = parts.map(formOf);
  const [first] = checked;
  if (first === undefined) {
    throw refused('a request has at least one part');
  }
  checked.forEach((request, index) => {
    if (request.late || request.amends !== undefined) {
      throw refused('a request says itself that it is late or an amendment');
    }
    if (!isPartOf(first, request, index, checked.length)) {
      throw refused(`part ${String(index + 1)} does not belong to the request`);
    }
  });
  if (new Set(checked.map(({ id }) => id)).size < checked.length) {
    throw refused('two parts have the same id');
  }
  return checked;
}

function isPartOf(first: AccessRequest, request: AccessRequest, index: number, of: number): boolean {
  const { part } = request;
  const isNumbered =
    of === 1 ? part === undefined : part?.request === first.id && part.number === index + 1 && part.of === of;
  return isNumbered && (request === first || isAlike(request, first));
}

function isAlike(one: AccessRequest, other: AccessRequest): boolean {
  return (
    COMMON.every((field) => one[field] === other[field]) &&
    JSON.stringify([one.requester, one.emergency]) === JSON.stringify([other.requester, other.emergency])
  );
}

function formOf(request: AccessRequest): AccessRequest {
  try {
    return parseAccessRequest(request);
  } catch (error) {
    if (error instanceof DomainError) {
      throw new AppError('BAD_REQUEST', 'the access request does not have its documented form', {
        cause: error,
        expose: error.detail,
      });
    }
    throw error;
  }
}

function refused(detail: string): AppError {
  return new AppError('BAD_REQUEST', detail);
}
