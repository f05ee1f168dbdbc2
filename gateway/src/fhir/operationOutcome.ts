// SPDX-License-Identifier: Apache-2.0
import type { AppError, AppErrorCode } from '../errors';
import type { FhirResource } from './resource';

/** FHIR R4 `issue-type` for each error code. */
const ISSUE: Readonly<Record<AppErrorCode, string>> = {
  UNAUTHENTICATED: 'login',
  INVALID_TOKEN: 'login',
  INSUFFICIENT_SCOPE: 'forbidden',
  FORBIDDEN: 'forbidden',
  CSRF: 'forbidden',
  NOT_FOUND: 'not-found',
  BAD_REQUEST: 'invalid',
  UNBOUND_SEARCH: 'required',
  EMERGENCY_INCOMPLETE: 'required',
  TOO_COSTLY: 'too-costly',
  METHOD_NOT_ALLOWED: 'not-supported',
  NOT_SUPPORTED: 'not-supported',
  NOT_ACCEPTABLE: 'not-supported',
  CONFLICT: 'conflict',
  PRECONDITION_FAILED: 'conflict',
  PAYLOAD_TOO_LARGE: 'too-long',
  UNSUPPORTED_MEDIA_TYPE: 'not-supported',
  PRECONDITION_REQUIRED: 'required',
  TOO_MANY_REQUESTS: 'throttled',
  UPSTREAM_FAILED: 'transient',
  ISSUER_UNAVAILABLE: 'transient',
  LEDGER_UNAVAILABLE: 'transient',
  OVERLOADED: 'throttled',
  LANE_FENCED: 'transient',
  IDENTIFIERS_DIFFER: 'transient',
  STORE_UNAVAILABLE: 'transient',
  INTERNAL: 'exception',
};

/** The error as FHIR R4 OperationOutcome. Holds the code, its title and what may be shown; nothing about the request, nobody's data. */
export function operationOutcome(error: AppError): FhirResource {
  return {
    resourceType: 'OperationOutcome',
    issue: [
      {
        severity: 'error',
        code: ISSUE[error.code],
        details: {
          coding: [{ system: 'urn:chartwitness:error', code: error.code }],
          text: error.kind.title,
        },
        ...(error.expose === undefined ? {} : { diagnostics: error.expose }),
      },
    ],
  };
}

/** Says, where the deployment announces it, that data were withheld which an emergency could open (FHIR R4 security labels, break the glass). */
export function suppressedOutcome(): FhirResource {
  return {
    resourceType: 'OperationOutcome',
    issue: [
      {
        severity: 'information',
        code: 'suppressed',
        details: {
          coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'BTG' }],
          text: 'Some data were withheld by the patient’s consent',
        },
      },
    ],
  };
}

/** Says that something may be given which cannot: it is too large for one answer, or in an emergency could not be read. */
export function omittedOutcome(): FhirResource {
  return {
    resourceType: 'OperationOutcome',
    issue: [
      {
        severity: 'warning',
        code: 'incomplete',
        details: { text: 'Some data are too large to be given, or could not be read' },
      },
    ],
  };
}
