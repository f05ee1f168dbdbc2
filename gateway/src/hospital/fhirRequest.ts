// SPDX-License-Identifier: Apache-2.0
import { type Request, type RequestHandler, type Response } from 'express';
import { AppError } from '../errors';

const JSON_TYPES = ['application/fhir+json', 'application/json', 'text/json'];
const FORMATS = new Set(['json', ...JSON_TYPES]);
const RANGES = new Set([...JSON_TYPES, 'application/*', 'text/*', '*/*']);
const FHIR_VERSIONS = new Set(['4.0', '4.0.1']);
const SEARCH_PATH = /^\/[A-Za-z]+\/_search$/;
export const MAX_FORM_BYTES = 16 * 1024;
const FORM = 'application/x-www-form-urlencoded';

/** Refuses every method but GET, and POST on `_search`. HEAD too: it would have to be recorded like the read that it stands for. */
export function allowedMethods(): RequestHandler {
  return (request, response, next) => {
    const isSearch = SEARCH_PATH.test(request.path);
    if (request.method === 'GET' || (isSearch && request.method === 'POST')) {
      next();
      return;
    }
    response.setHeader('Allow', isSearch ? 'GET, POST' : 'GET');
    next(new AppError('METHOD_NOT_ALLOWED', 'method not served'));
  };
}

/** Only JSON is spoken: `_format` decides where given, else `Accept` (FHIR R4 §3.1.0.1.11). */
export function acceptsJson(): RequestHandler {
  return (request, _response, next) => {
    const format = queryOf(request).get('_format');
    // A raw + in a query is a space.
    const named = format?.split(';')[0]?.trim().replaceAll(' ', '+').toLowerCase();
    const isAcceptable =
      named === undefined || named === '' ? acceptsR4Json(request.get('accept')) : FORMATS.has(named);
    next(
      isAcceptable
        ? undefined
        : new AppError('NOT_ACCEPTABLE', 'another format than JSON was asked for', {
            expose: 'Only application/fhir+json is supported.',
          }),
    );
  };
}

/** Whether one media range of the header covers FHIR R4 JSON: an absent header covers everything, `q=0` and another `fhirVersion` nothing. */
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

/** A signal that aborts when the caller goes away before it was answered. */
export function abortedWith(response: Response): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) {
      controller.abort();
    }
  });
  return controller.signal;
}
