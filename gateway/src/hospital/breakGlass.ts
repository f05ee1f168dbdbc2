// SPDX-License-Identifier: Apache-2.0
import {
  type Emergency,
  isEmergencyPurpose,
  isReason,
  normaliseReason,
  REASON_IN_WORDS,
} from '@chartwitness/chaincode/domain';
import type { Principal } from '../auth/principal';
import { AppError } from '../errors';

/** What a request declares about an emergency. */
export type EmergencyDeclaration =
  | { readonly kind: 'none' }
  | { readonly kind: 'declared'; readonly emergency: Emergency }
  /** The purpose is an emergency, but what it must come with is missing: recorded as refused. */
  | { readonly kind: 'incomplete'; readonly problem: string };

export const BREAK_GLASS_HEADER = 'Break-Glass-Reason';
const EXTENDED_VALUE = /^utf-8'[A-Za-z0-9-]*'(.*)$/i;

/**
 * Reads the emergency from the token's purpose and the `Break-Glass-Reason` header. The header's text may be
 * percent-encoded UTF-8, plain or as an RFC 8187 extended value (`UTF-8''…`), since header fields carry ASCII
 * only; text that is not valid percent-encoding is taken as it stands.
 * @throws AppError BAD_REQUEST when a reason is given for a purpose that is no emergency: the token decides
 *   what a request is.
 */
export function readEmergency(principal: Principal, header: string | undefined): EmergencyDeclaration {
  if (!isEmergencyPurpose(principal.purpose)) {
    if (header !== undefined) {
      throw new AppError('BAD_REQUEST', 'a break-glass reason with an ordinary purpose', {
        expose: `${BREAK_GLASS_HEADER} needs an access token whose purpose_of_use is BTG or ETREAT.`,
      });
    }
    return { kind: 'none' };
  }
  if (principal.requester.person === null) {
    return {
      kind: 'incomplete',
      problem: 'The access token must name a person (hl7-b2b subject_id and subject_name).',
    };
  }
  const reason = normaliseReason(header === undefined ? '' : decodeReason(header));
  if (!isReason(reason)) {
    return {
      kind: 'incomplete',
      problem: `${BREAK_GLASS_HEADER} must give the reason: ${REASON_IN_WORDS}.`,
    };
  }
  return { kind: 'declared', emergency: { reason } };
}

function decodeReason(header: string): string {
  const encoded = EXTENDED_VALUE.exec(header)?.[1] ?? header;
  try {
    return decodeURIComponent(encoded);
  } catch {
    // A plain reason may hold a percent sign ("lost 40% of blood"): it is then not encoded at all.
    return encoded;
  }
}

export function emergencyIncomplete(problem: string): AppError {
  return new AppError('EMERGENCY_INCOMPLETE', 'break-glass without a person or a reason', {
    expose: problem,
  });
}
