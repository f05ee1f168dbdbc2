// SPDX-License-Identifier: Apache-2.0
import { AppError } from '../errors';
import { isFhirId } from './resource';
import type { Handling } from './appliedParameters';
import { isDirectoryType, isPatientType, patientParameters } from './resourceTypes';
import { bad, baseOf, isGatewayParameter, isOperationParameter, understood } from './searchParameters';

/** How a search names its one patient. */
export type PatientBinding =
  | { readonly kind: 'id'; readonly id: string }
  | { readonly kind: 'identifier'; readonly system: string; readonly value: string };

export interface Page {
  /** Matches that the caller wants on a page, from 1; undefined when it does not say. */
  readonly count: number | undefined;
  /** From the gateway's own `next` link; undefined for the first page. */
  readonly cursor: string | undefined;
}

export interface SearchRequest {
  readonly type: string;
  readonly patient: PatientBinding;
  /** What is sent on to the source: paging and answer-shaping parameters are the gateway's own matter. */
  readonly upstream: URLSearchParams;
  readonly page: Page;
  /** `_summary=count` or `_count=0`: only the number of matches is wanted. */
  readonly countOnly: boolean;
  /** The caller asks how many matches there are (`_total=accurate` or `estimate`). */
  readonly counts: boolean;
  /**
   * The parameters as understood, for `self` and `next`; without the cursor. Those that the source did not
   * apply are still among them.
   */
  readonly self: URLSearchParams;
  /** What takes effect on the first page alone: `_total`. */
  readonly selfOnly: URLSearchParams;
  /** What the caller wants of parameters that the source does not support. */
  readonly handling: Handling;
}

const BINDING = /^(patient|subject)(:Patient)?$/;
/** However a source may read it. */
const ANY_BINDING = /^(patient|subject)(:|$)/i;
const PATIENT_REFERENCE = /^(?:Patient\/)?([^/]+)$/;

/**
 * Understands a search and finds the one patient that it is bound to.
 * @param fhirBaseUrl this gateway's own base, so that a full reference to a patient here is understood.
 * @throws AppError NOT_FOUND for a type that is not served; UNBOUND_SEARCH when no single patient is named.
 *   BAD_REQUEST, which says why, for parameters that are malformed, unknown or look into other resources.
 */
export function parseSearch(
  type: string,
  sent: URLSearchParams,
  fhirBaseUrl: string,
  handling: Handling = 'lenient',
): SearchRequest {
  if (isDirectoryType(type)) {
    throw unbound(`${type} is not searched by patient here; it is found beside patient data by _include`);
  }
  if (!isPatientType(type)) {
    throw new AppError('NOT_FOUND', 'a type that is not served', {
      expose: 'This server has no resources of this type.',
    });
  }
  const parameters = understood(sent);
  const misplaced = [...parameters.keys()].find(isOperationParameter);
  if (misplaced !== undefined) {
    throw bad(`${misplaced} is a parameter of $everything`);
  }
  const patient =
    type === 'Patient' ? bindPatientSearch(parameters) : bindByReference(type, parameters, fhirBaseUrl);
  const counts = wantsTotal(parameters);
  const page = parsePage(parameters);
  const countOnly = parameters.get('_summary') === 'count' || parameters.get('_count') === '0';
  return {
    type,
    patient,
    upstream: select(parameters, (name) => !isGatewayParameter(name)),
    page,
    countOnly,
    counts,
    self: select(
      parameters,
      (name) => !isGatewayParameter(name) || name === '_count' || (countOnly && name === '_summary'),
    ),
    selfOnly: select(parameters, (name) => counts && page.cursor === undefined && name === '_total'),
    handling,
  };
}

/** Paging of a search or an operation: `_count`, and `_cursor` from the gateway's own `next` links. */
export function parsePage(parameters: URLSearchParams): Page {
  const count = wholeNumber(parameters, '_count');
  return { count: count === 0 ? undefined : count, cursor: parameters.get('_cursor') ?? undefined };
}

function wantsTotal(parameters: URLSearchParams): boolean {
  const total = parameters.get('_total') ?? 'none';
  if (!['none', 'estimate', 'accurate'].includes(total)) {
    throw bad('_total must be none, estimate or accurate');
  }
  return total !== 'none';
}

function bindByReference(type: string, parameters: URLSearchParams, fhirBaseUrl: string): PatientBinding {
  const known: readonly string[] = patientParameters(type);
  const named = [...parameters].filter(([name]) => ANY_BINDING.test(name));
  if (named.length === 0) {
    throw unbound(`add ${known.map((name) => `${name}=<id>`).join(' or ')}`);
  }
  // A source may ignore a parameter that its type does not have, and answer for everybody.
  const unknown = named.find(([name]) => !known.includes(baseOf(name)));
  if (unknown !== undefined) {
    throw unbound(`${type} is searched by ${known.join(' or ')}, not by ${unknown[0]}`);
  }
  const ids = named.map(([name, value]) => {
    const reference = value.startsWith(`${fhirBaseUrl}/`) ? value.slice(fhirBaseUrl.length + 1) : value;
    const id = BINDING.test(name) ? PATIENT_REFERENCE.exec(reference)?.[1] : undefined;
    if (!isFhirId(id)) {
      throw unbound(`${name} must be the id of exactly one patient, without list or modifier`);
    }
    return id;
  });
  return { kind: 'id', id: onlyOne(ids) };
}

function bindPatientSearch(parameters: URLSearchParams): PatientBinding {
  if ([...parameters.keys()].some((name) => /^link(:|$)/i.test(name))) {
    throw bad('the links of a Patient are not given out, so they cannot be searched by');
  }
  const ids = parameters.getAll('_id');
  if (ids.length > 0) {
    const id = onlyOne(ids);
    if (!isFhirId(id)) {
      throw unbound('_id must be exactly one id');
    }
    return { kind: 'id', id };
  }
  const identifiers = parameters.getAll('identifier');
  if (identifiers.length === 0) {
    throw unbound('search patients by identifier=<system>|<value> or by _id');
  }
  const identifier = onlyOne(identifiers);
  const at = identifier.indexOf('|');
  const [system, value] = [identifier.slice(0, at), identifier.slice(at + 1)];
  if (at <= 0 || value === '' || /[,|\\]/.test(value) || system.includes(',')) {
    throw unbound('identifier must be exactly one <system>|<value>');
  }
  return { kind: 'identifier', system, value };
}

function onlyOne(values: readonly string[]): string {
  const [first, ...others] = new Set(values);
  if (first === undefined || others.length > 0) {
    throw unbound('only one patient may be named');
  }
  return first;
}

function wholeNumber(parameters: URLSearchParams, name: string): number | undefined {
  const value = parameters.get(name);
  if (value === null) {
    return undefined;
  }
  if (!/^\d{1,6}$/.test(value)) {
    throw bad(`${name} must be a whole number`);
  }
  return Number(value);
}

function select(parameters: URLSearchParams, wanted: (name: string) => boolean): URLSearchParams {
  return new URLSearchParams([...parameters].filter(([name]) => wanted(name)));
}

function unbound(reason: string): AppError {
  return new AppError('UNBOUND_SEARCH', 'the search is not bound to one patient', { expose: reason });
}
