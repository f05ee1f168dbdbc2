// SPDX-License-Identifier: Apache-2.0
import type { Request, Response } from 'express';
import { AppError } from '../errors';
import type { Handling } from '../fhir/appliedParameters';

const JSON_TYPES = ['application/fhir+json', 'application/json', 'text/json'];
const FORMATS = new Set(['json', ...JSON_TYPES]);
const RANGES = new Set([...JSON_TYPES, 'application/*', 'text/*', '*/*']);
const FHIR_VERSIONS = new Set(['4.0', '4.0.1']);
/**
 * Interactions that FHIR R4 offers by POST without changing anything: a search (§3.1.1), an operation
 * (§3.2.0).
 */
const POST_PATH = /^\/(?:[A-Za-z]+\/_search|Patient\/[^/]+\/\$everything)$/;
export const MAX_FORM_BYTES = 16 * 1024;
const FORM = 'application/x-www-form-urlencoded';

/**
 * Refuses every method but GET, and POST on `_search` and `$everything`. HEAD too: it would have to be
 * recorded like the read that it stands for.
 * @throws AppError METHOD_NOT_ALLOWED
 */
export function assertMethod(request: Request, response: Response): void {
  const isPost = POST_PATH.test(request.path);
  if (request.method === 'GET' || (isPost && request.method === 'POST')) {
    return;
  }
  response.setHeader('Allow', isPost ? 'GET, POST' : 'GET');
  throw new AppError('METHOD_NOT_ALLOWED', 'method not served');
}

/**
 * Conditions and ranges of RFC 9110 §13 and §14, by which an answer that is recorded as a release would
 * become another one (304, 412, 206).
 */
const CONDITIONS = [
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'if-range',
  'range',
] as const;

/**
 * Ignores conditional and range headers, as RFC 9110 §13.1 allows a server that offers neither validators nor
 * ranges.
 */
export function ignoreConditions({ headers }: Request): void {
  for (const name of CONDITIONS) {
    // Express answers 304 to `If-None-Match: *` by itself.
    if (headers[name] !== undefined) {
      Reflect.deleteProperty(headers, name);
    }
  }
}

/**
 * Only JSON is spoken: `_format` decides where given, else `Accept` (FHIR R4 §3.1.0.1.11).
 * @param parameters where `_format` may stand; of a `POST _search` also those of the body.
 * @throws AppError NOT_ACCEPTABLE
 */
export function assertJson(request: Request, parameters: URLSearchParams): void {
  const format = formatIn(parameters);
  // A raw + in a query is a space.
  const named = format?.split(';')[0]?.trim().replaceAll(' ', '+').toLowerCase();
  const isAcceptable =
    named === undefined || named === '' ? acceptsR4Json(request.get('accept')) : FORMATS.has(named);
  if (!isAcceptable) {
    throw new AppError('NOT_ACCEPTABLE', 'another format than JSON was asked for', {
      expose: 'Only application/fhir+json is supported.',
    });
  }
}

/** The name is compared without case, as everywhere. */
function formatIn(parameters: URLSearchParams): string | undefined {
  return [...parameters].find(([name]) => name.toLowerCase() === '_format')?.[1];
}

/** `Prefer: handling=strict` (RFC 7240 §2, FHIR R4 §3.1.1.6). */
export function handlingOf(request: Request): Handling {
  const preferences = (request.get('prefer') ?? '').split(/[,;]/);
  return preferences.some((one) => /^\s*handling\s*=\s*"?strict"?\s*$/i.test(one)) ? 'strict' : 'lenient';
}

/**
 * Whether one media range of the header covers FHIR R4 JSON: an absent header covers everything, `q=0` and
 * another `fhirVersion` nothing.
 */
function acceptsR4Json(accept: string | undefined): boolean {
  return (accept ?? '*/*').split(',').some((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const values = new URLSearchParams(parameters.join('&'));
    const version = values.get('fhirversion');
    return (
      RANGES.has(type) &&
      Number(values.get('q') ?? 1) > 0 &&
      (version === null || FHIR_VERSIONS.has(version.replaceAll('"', '')))
    );
  });
}

/** The query exactly as sent; repeated parameters are kept. */
export function queryOf(request: Request): URLSearchParams {
  const at = request.originalUrl.indexOf('?');
  return new URLSearchParams(at < 0 ? '' : request.originalUrl.slice(at + 1));
}

/** Parameters of a `POST _search`: those of the body and of the URL together (FHIR R4 §3.1.1). */
export function formOf(request: Request): URLSearchParams {
  if (request.is(FORM) === false) {
    throw new AppError('UNSUPPORTED_MEDIA_TYPE', '_search with another content type', {
      expose: `Send the search parameters as ${FORM}.`,
    });
  }
  const body: unknown = request.body;
  return new URLSearchParams([
    ...queryOf(request),
    ...new URLSearchParams(typeof body === 'string' ? body : ''),
  ]);
}
