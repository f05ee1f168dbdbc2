// SPDX-License-Identifier: Apache-2.0
import { AppError } from '../errors';
import { isFhirId } from './resource';
import { isPatientType } from './resourceTypes';

/** How a search names its one patient. */
export type PatientBinding =
  | { readonly kind: 'id'; readonly id: string }
  | { readonly kind: 'identifier'; readonly system: string; readonly value: string };

export interface Page {
  /** Matches on a page. */
  readonly count: number;
  /** Matches before this page. */
  readonly offset: number;
}

export interface SearchRequest {
  readonly type: string;
  readonly patient: PatientBinding;
  /** What is sent on to the source: paging and answer-shaping parameters are the gateway's own matter. */
  readonly upstream: URLSearchParams;
  readonly page: Page;
  /** `_summary=count` or `_count=0`: only the number of matches is wanted. */
  readonly countOnly: boolean;
  /** The parameters as understood, for `self` and `next`; without the offset. */
  readonly self: URLSearchParams;
}

export const DEFAULT_COUNT = 200;
export const MAX_COUNT = 500;
const MAX_PARAMETERS = 50;
const MAX_VALUE_LENGTH = 1024;
const NAME = /^[A-Za-z_][A-Za-z0-9_-]{0,63}(:[A-Za-z]{1,64})?$/;
const CONTROL = /\p{Cc}/u;

/** Handled by the gateway, never sent on. A subset (`_elements`, `_summary`) may leave out `meta.security`, and so hide what must be withheld. */
const GATEWAY_PARAMETERS = new Set([
  '_count',
  '_offset',
  '_summary',
  '_elements',
  '_total',
  '_format',
  '_pretty',
  '_contained',
  '_containedType',
]);
/** Search through other resources: an answer would tell what those hold, although only this one is asked of the ledger. */
const INFERENCE_PARAMETERS = new Set(['_has', '_filter', '_query', '_list']);
const BINDING = /^(patient|subject)(:Patient)?$/;
const PATIENT_REFERENCE = /^(?:Patient\/)?([A-Za-z0-9.-]{1,64})$/;

/**
 * Understands a search and finds the one patient that it is bound to.
 * @param fhirBaseUrl this gateway's own base, so that a full reference to a patient here is understood.
 * @throws AppError UNBOUND_SEARCH when no single patient is named, BAD_REQUEST for parameters that are malformed or look into other
 * resources; both say why.
 */
export function parseSearch(type: string, parameters: URLSearchParams, fhirBaseUrl: string): SearchRequest {
  if (!isPatientType(type)) {
    throw unbound(`${type} is not searched by patient here; it is found beside patient data by _include`);
  }
  checkParameters(parameters);
  const patient =
    type === 'Patient' ? bindPatientSearch(parameters) : bindByReference(parameters, fhirBaseUrl);
  const countOnly = parameters.get('_summary') === 'count' || parameters.get('_count') === '0';
  return {
    type,
    patient,
    upstream: select(parameters, (name) => !GATEWAY_PARAMETERS.has(name)),
    page: parsePage(parameters),
    countOnly,
    self: select(
      parameters,
      (name) => !GATEWAY_PARAMETERS.has(name) || name === '_count' || (countOnly && name === '_summary'),
    ),
  };
}

/** Paging of a search or an operation: `_count` 1–500 (more is lowered to 500), `_offset` from the gateway's own `next` links. */
export function parsePage(parameters: URLSearchParams): Page {
  const count = wholeNumber(parameters, '_count') ?? DEFAULT_COUNT;
  return {
    count: Math.min(count === 0 ? DEFAULT_COUNT : count, MAX_COUNT),
    offset: wholeNumber(parameters, '_offset') ?? 0,
  };
}

/** @throws AppError BAD_REQUEST */
export function checkParameters(parameters: URLSearchParams): void {
  const all = [...parameters];
  if (all.length > MAX_PARAMETERS) {
    throw bad(`at most ${String(MAX_PARAMETERS)} search parameters are allowed`);
  }
  for (const [name, value] of all) {
    checkParameter(name, value);
  }
}

function checkParameter(name: string, value: string): void {
  const base = name.split(/[.:]/)[0] ?? '';
  if (INFERENCE_PARAMETERS.has(base) || name.includes('.')) {
    throw bad(
      `search through other resources (chaining, ${[...INFERENCE_PARAMETERS].join(', ')}) is not supported`,
    );
  }
  if (!NAME.test(name)) {
    throw bad('a search parameter has a malformed name');
  }
  if (value.length > MAX_VALUE_LENGTH || CONTROL.test(value)) {
    throw bad(`the value of ${base} is too long or holds control characters`);
  }
}

function bindByReference(parameters: URLSearchParams, fhirBaseUrl: string): PatientBinding {
  const named = [...parameters].filter(([name]) => /^(patient|subject)(:|$)/.test(name));
  if (named.length === 0) {
    throw unbound('add patient=<id> (or subject=Patient/<id>)');
  }
  const ids = named.map(([name, value]) => {
    const reference = value.startsWith(`${fhirBaseUrl}/`) ? value.slice(fhirBaseUrl.length + 1) : value;
    const id = BINDING.test(name) ? PATIENT_REFERENCE.exec(reference)?.[1] : undefined;
    if (id === undefined) {
      throw unbound(`${name} must be the id of exactly one patient, without list or modifier`);
    }
    return id;
  });
  return { kind: 'id', id: onlyOne(ids) };
}

function bindPatientSearch(parameters: URLSearchParams): PatientBinding {
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
  return new URLSearchParams([...parameters].filter(([name]) => wanted(name.split(':')[0] ?? name)));
}

function unbound(reason: string): AppError {
  return new AppError('UNBOUND_SEARCH', 'the search is not bound to one patient', { expose: reason });
}

function bad(reason: string): AppError {
  return new AppError('BAD_REQUEST', 'the search has a parameter that is not accepted', { expose: reason });
}
