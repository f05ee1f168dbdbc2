// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import express, { type RequestHandler, Router } from 'express';
import { AppError } from '../errors';

/** Paths that belong to services, where a missing thing is 404 and never the portal's page. */
const SERVICES =
  /^\/(api|auth|oidc|fhir|\.well-known|assets)(\/|$)|^\/(openapi\.json|healthz|readyz|metrics)$/;
const INDEX = 'index.html';

/**
 * The built portal. Files under `assets/` carry a hash in their name and never change; every other path that
 * a browser opens is a page of the single-page app.
 */
export function portalFiles(directory: string): Router {
  const router = Router();
  router.use('/assets', preferCompressed(join(directory, 'assets')));
  router.use(
    '/assets',
    express.static(join(directory, 'assets'), {
      immutable: true,
      maxAge: '365d',
      index: false,
      redirect: false,
    }),
  );
  router.use(
    express.static(directory, { index: false, redirect: false, maxAge: '1h', setHeaders: neverStale }),
  );
  router.get('/{*path}', (request, response, next) => {
    if (SERVICES.test(request.path) || request.accepts(['html', 'json']) !== 'html') {
      next();
      return;
    }
    if (!existsSync(join(directory, INDEX))) {
      throw new AppError('NOT_FOUND', `no portal in ${directory}: build it with "npm run build:web"`, {
        expose: 'the portal is not built: run "npm run build"',
      });
    }
    response.set('Cache-Control', 'no-cache').sendFile(INDEX, { root: directory });
  });
  return router;
}

const COMPRESSED_TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};

/** The build's compressed copies smallest first. */
const COPIES = [
  { coding: 'br', ending: '.br' },
  { coding: 'gzip', ending: '.gz' },
] as const;

/**
 * Sends a compressed copy in place of `NAME` to a browser that takes its coding. The build makes the copies;
 * without one, the file itself is sent. Each copy is a file with an entity tag of its own.
 */
function preferCompressed(directory: string): RequestHandler {
  return (request, response, next) => {
    const name = basename(request.path);
    const type = COMPRESSED_TYPES[extname(name)];
    if (type === undefined || request.path !== `/${name}`) {
      next();
      return;
    }
    response.vary('Accept-Encoding');
    // Browsers name what they take in no order of preference: the smallest is best for all.
    const copy = COPIES.find(
      ({ coding, ending }) =>
        request.acceptsEncodings(coding) === coding && existsSync(join(directory, name + ending)),
    );
    if (copy !== undefined) {
      response.set({ 'Content-Encoding': copy.coding, 'Content-Type': type });
      request.url = `/${name}${copy.ending}`;
    }
    next();
  };
}

/** The page itself names the hashed files, so it is asked for each time. */
function neverStale(response: { setHeader(name: string, value: string): unknown }, path: string): void {
  if (path.endsWith('.html')) {
    response.setHeader('Cache-Control', 'no-cache');
  }
}
