// SPDX-License-Identifier: Apache-2.0
import type { AppError, AppErrorCode } from '../errors';
import { keyOf } from './includes';
import type { Candidate } from './itemGroups';
import type { ResourceWriter } from './release';
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
  STARTING: 'transient',
  IDENTIFIERS_DIFFER: 'transient',
  STORE_UNAVAILABLE: 'transient',
  INTERNAL: 'exception',
};

/**
 * The error as FHIR R4 OperationOutcome. Holds the code, its title and what may be shown; nothing about the
 * request, nobody's data.
 */
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

/**
 * Says, where the deployment announces it, that data were withheld which an emergency could open (FHIR R4
 * security labels, break the glass).
 */
function suppressedOutcome(): FhirResource {
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

/**
 * Says that something may be given which cannot: it is too large for one answer, or in an emergency could not
 * be read.
 */
function omittedOutcome(): FhirResource {
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

export interface BundleOptions {
  readonly fhirBaseUrl: string;
  /** Path below the base, for instance `Observation`. */
  readonly path: string;
  /** The parameters that took effect, without the cursor. */
  readonly self: URLSearchParams;
  /** What took effect on this page alone: its next link does not repeat it. */
  readonly selfOnly?: URLSearchParams | undefined;
  /** Cursor of this page and of the next one; undefined for the first, and where there is no more. */
  readonly cursor: string | undefined;
  readonly next: string | undefined;
  /** Matches over all pages; undefined where that was not found out. */
  readonly total: number | undefined;
  readonly countOnly: boolean;
  /** Whether to say that data were withheld. */
  readonly announceWithheld: boolean;
  /** Whether to say that something may be given but cannot. */
  readonly announceOmitted: boolean;
  readonly write: ResourceWriter;
}

/**
 * The answer to a search as JSON text of a FHIR R4 searchset Bundle, from permitted candidates alone, in
 * their order.
 */
export function writeSearchset(permitted: readonly Candidate[], options: BundleOptions): string {
  const { self, selfOnly, cursor, next, total } = options;
  const here =
    selfOnly === undefined || selfOnly.size === 0 ? self : new URLSearchParams([...self, ...selfOnly]);
  const link = [{ relation: 'self', url: urlOf(options, here, cursor) }];
  if (next !== undefined) {
    link.push({ relation: 'next', url: urlOf(options, self, next) });
  }
  const head = JSON.stringify({
    resourceType: 'Bundle',
    type: 'searchset',
    ...(total === undefined ? {} : { total }),
    link,
  });
  // A count that is not known to be whole says so; only an answer with resources tells what was withheld.
  const shown = options.countOnly ? { ...options, announceWithheld: false } : options;
  const entries = writeEntries(options.countOnly ? [] : permitted, shown);
  return entries.length === 0 ? head : `${head.slice(0, -1)},"entry":[${entries.join(',')}]}`;
}

function writeEntries(shown: readonly Candidate[], options: BundleOptions): readonly string[] {
  const entries = shown.map((candidate) => {
    const fullUrl = JSON.stringify(`${options.fhirBaseUrl}/${keyOf(candidate)}`);
    return `{"fullUrl":${fullUrl},"resource":${options.write(candidate)},"search":{"mode":"${candidate.mode}"}}`;
  });
  const outcomes = [
    ...(options.announceWithheld ? [suppressedOutcome()] : []),
    ...(options.announceOmitted ? [omittedOutcome()] : []),
  ];
  return [
    ...entries,
    ...outcomes.map((resource) => JSON.stringify({ resource, search: { mode: 'outcome' } })),
  ];
}

function urlOf(options: BundleOptions, self: URLSearchParams, cursor: string | undefined): string {
  const text = (cursor === undefined ? self : withCursor(self, cursor)).toString();
  return `${options.fhirBaseUrl}/${options.path}${text === '' ? '' : `?${text}`}`;
}

function withCursor(self: URLSearchParams, cursor: string): URLSearchParams {
  const query = new URLSearchParams(self);
  query.set('_cursor', cursor);
  return query;
}
