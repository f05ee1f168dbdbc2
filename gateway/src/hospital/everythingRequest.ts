// SPDX-License-Identifier: Apache-2.0
import type { Request } from 'express';
import { type JsonObject, parseStrictObject } from '../auth/strictJson';
import { AppError } from '../errors';
import { dateRange } from '../fhir/dateRange';
import { elements, isFhirType, type JsonMembers } from '../fhir/resource';
import { isDirectoryType, isPatientType } from '../fhir/resourceTypes';
import { bad, understood } from '../fhir/searchParameters';
import { type Page, parsePage } from '../fhir/searchRequest';
import { queryOf } from './fhirRequest';

/** What a body of `POST Patient/[id]/$everything` may be called. */
export const PARAMETERS_TYPES = ['application/fhir+json', 'application/json', 'text/json'];
/** Sent on to the source. */
const OWN = ['start', 'end', '_since', '_type'];
const DATES = ['start', 'end', '_since'];
const PAGING = ['_count', '_cursor', '_format', '_pretty'];

export interface EverythingRequest {
  /** What is sent on to the source. */
  readonly upstream: URLSearchParams;
  /** The parameters as understood, for `self` and `next`; without the cursor. */
  readonly self: URLSearchParams;
  readonly page: Page;
}

/**
 * Understands `$everything` by GET, and by POST with no body or a Parameters resource (FHIR R4 §3.2.0.1), of
 * which query and body count together.
 * @throws AppError BAD_REQUEST for what the operation does not take, UNSUPPORTED_MEDIA_TYPE for another body
 *   than JSON.
 */
export function parseEverything(request: Request): EverythingRequest {
  const all = understood(withBody(queryOf(request), request));
  const known = [...OWN, ...PAGING];
  for (const name of new Set(all.keys())) {
    if (!known.includes(name)) {
      throw bad('$everything takes start, end, _since, _type and _count');
    }
    if (name !== '_type' && all.getAll(name).length > 1) {
      throw bad(`${name} is given more than once`);
    }
  }
  const upstream = new URLSearchParams([...all].filter(([name]) => OWN.includes(name)));
  for (const name of DATES) {
    const value = upstream.get(name);
    if (value !== null) {
      upstream.set(name, checkedDate(name, value));
    }
  }
  if (upstream.has('_type')) {
    upstream.set('_type', servedTypes(all.getAll('_type')).join(','));
  }
  const self = new URLSearchParams(upstream);
  const count = all.get('_count');
  if (count !== null) {
    self.set('_count', count);
  }
  return { upstream, self, page: parsePage(all) };
}

/** Refused here rather than by the source, which may look for the patient first and so tell who is there. */
function checkedDate(name: string, value: string): string {
  // A raw + in a query is a space.
  const date = value.replace(' ', '+');
  if (dateRange(date) === undefined) {
    throw bad(`${name} must be a date`);
  }
  return date;
}

/** What is never given out need not be asked for. */
function servedTypes(lists: readonly string[]): readonly string[] {
  const types = lists.flatMap((list) => list.split(','));
  if (!types.every(isFhirType)) {
    throw bad('_type must be a list of resource types');
  }
  const served = types.filter((type) => isPatientType(type) || isDirectoryType(type));
  if (served.length === 0) {
    throw bad('this server has no resources of these types');
  }
  return served;
}

function withBody(query: URLSearchParams, request: Request): URLSearchParams {
  for (const [name, value] of bodyOf(request)) {
    query.append(name, value);
  }
  return query;
}

function bodyOf(request: Request): readonly (readonly [string, string])[] {
  const body: unknown = request.body;
  if (typeof body !== 'string' || body.trim() === '') {
    assertEmptyOrJson(request);
    return [];
  }
  const { resourceType, parameter } = parse(body);
  if (resourceType !== 'Parameters' || (parameter !== undefined && !Array.isArray(parameter))) {
    throw bad('the body of $everything must be a Parameters resource');
  }
  return elements(parameter).map(valueOf);
}

function assertEmptyOrJson(request: Request): void {
  const isEmpty = Number(request.get('content-length') ?? 0) === 0 && !request.get('transfer-encoding');
  if (!isEmpty && typeof request.is(PARAMETERS_TYPES) !== 'string') {
    throw new AppError('UNSUPPORTED_MEDIA_TYPE', '$everything with another content type', {
      expose: 'Send the parameters of $everything as application/fhir+json.',
    });
  }
}

function parse(body: string): JsonObject {
  try {
    return parseStrictObject(body);
  } catch {
    throw bad('the body of $everything is not JSON');
  }
}

/** `name` and the one `value[x]` of a parameter. */
function valueOf(parameter: JsonMembers): readonly [string, string] {
  const { name, ...others } = parameter;
  const [given, ...more] = Object.entries(others);
  const value = given?.[0].startsWith('value') === true && more.length === 0 ? given[1] : undefined;
  if (typeof name !== 'string' || (typeof value !== 'string' && typeof value !== 'number')) {
    throw bad('each parameter of $everything has a name and one value');
  }
  return [name, String(value)];
}
