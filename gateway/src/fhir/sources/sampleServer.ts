// SPDX-License-Identifier: Apache-2.0
import express, { type ErrorRequestHandler, type Express, type Request, type Response } from 'express';
import { AppError } from '../../errors';
import type { FhirResource } from '../resource';
import type { SamplePage, SampleSearch } from './sampleSearch';

const DEFAULT_COUNT = 20;
/** Of the server, not of the search. */
const PAGING = ['_count', '_getpagesoffset', '_format', '_pretty'];

/**
 * The sample hospital as a plain FHIR R4 server, without authentication: what `UPSTREAM_FHIR_URL` points to,
 * in tests of the URL path and to try a gateway against another process. It pages with `next` links of its
 * own.
 * @param baseUrl URL that it is reached under, asked at each request because the port may be chosen late.
 */
export function createSampleServer(index: SampleSearch, baseUrl: () => string): Express {
  const app = express();
  app.disable('x-powered-by');
  app.get('/metadata', (_request, response) => {
    send(response, 200, { resourceType: 'CapabilityStatement', status: 'active', fhirVersion: '4.0.1' });
  });
  app.get('/Patient/:id/$everything', (request, response) => {
    const { parameters, offset, count } = pagingOf(request);
    const page = index.everythingPage(request.params.id, parameters, offset, count);
    sendPage(request, response, page, baseUrl());
  });
  app.get('/:type/:id', (request, response) => {
    const resource = index.read(request.params.type, request.params.id);
    send(response, resource === undefined ? 404 : 200, resource ?? notFound());
  });
  app.get('/:type', (request, response) => {
    const { parameters, offset, count } = pagingOf(request);
    sendPage(request, response, index.searchPage(request.params.type, parameters, offset, count), baseUrl());
  });
  app.use(refusals());
  return app;
}

interface Paging {
  readonly parameters: URLSearchParams;
  readonly offset: number;
  readonly count: number;
}

function pagingOf(request: Request): Paging {
  const at = request.originalUrl.indexOf('?');
  const parameters = new URLSearchParams(at < 0 ? '' : request.originalUrl.slice(at + 1));
  return {
    parameters: new URLSearchParams([...parameters].filter(([name]) => !PAGING.includes(name))),
    offset: Number(parameters.get('_getpagesoffset') ?? 0),
    count: Number(parameters.get('_count') ?? DEFAULT_COUNT),
  };
}

/** Parameters that the search does not support are 400. */
function refusals(): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    if (!(error instanceof AppError) || error.code !== 'BAD_REQUEST') {
      next(error);
      return;
    }
    send(response, 400, {
      resourceType: 'OperationOutcome',
      issue: [{ severity: 'error', code: 'not-supported', diagnostics: error.expose }],
    });
  };
}

function sendPage(request: Request, response: Response, page: SamplePage | undefined, baseUrl: string): void {
  if (page === undefined) {
    send(response, 404, notFound());
    return;
  }
  const { parameters, offset, count } = pagingOf(request);
  const end = offset + count;
  const link = [{ relation: 'self', url: `${baseUrl}${request.url}` }];
  if (end < page.total) {
    parameters.set('_count', String(count));
    parameters.set('_getpagesoffset', String(end));
    link.push({ relation: 'next', url: `${baseUrl}${request.path}?${parameters.toString()}` });
  }
  send(response, 200, {
    resourceType: 'Bundle',
    type: 'searchset',
    total: page.total,
    link,
    entry: page.entries.map(({ resource, mode }) => ({
      fullUrl: `${baseUrl}/${resource.resourceType}/${resource.id ?? ''}`,
      resource,
      search: { mode },
    })),
  });
}

function notFound(): FhirResource {
  return { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'not-found' }] };
}

function send(response: Response, status: number, body: FhirResource): void {
  response.status(status).type('application/fhir+json').send(JSON.stringify(body));
}
