// SPDX-License-Identifier: Apache-2.0
import { json, type Request, type Response, Router } from 'express';
import { outcome as outcomeSchema, accessQuery, type AccessList } from '../../api/schemas';
import { AppError } from '../../errors';
import type { NetworkDirectory } from '../../registry/networkDirectory';
import { readCursor, writeCursor } from '../../readmodel/accessCursor';
import type { AccessFilters, AccessStore } from '../../readmodel/accessStore';
import { toAccessEntry, toAddressedEntry } from './accessView';
import { patientWith } from './caller';
import { parseEntryId } from './entryId';
import { jsonBody } from './jsonBody';

export interface AccessRoutesDeps {
  readonly store: AccessStore;
  readonly registry: NetworkDirectory;
}

const MAX_BODY = '16kb';

/**
 * `GET /accesses`, `POST /accesses/search`, `GET /accesses/:id`: the caller's own entries. The two lists are
 * the same; the second takes the filters in its body, because a person's identifier does not belong in a URL,
 * which proxies and browsers keep.
 */
export function accessRoutes(deps: AccessRoutesDeps): Router {
  const router = Router();
  router.get('/accesses', async (request, response) => {
    await list(deps, request, response, () => joinRepeated(request.query));
  });
  const body = json({ limit: MAX_BODY, type: ['application/json', 'application/*+json'] });
  router.post('/accesses/search', body, async (request, response) => {
    await list(deps, request, response, () => jsonBody(request));
  });
  router.get('/accesses/:id', async (request: Request<{ id: string }>, response) => {
    const { subject } = patientWith(request, response, 'AuditEvent', ['r']);
    const address = parseEntryId(request.params.id);
    const found = address === undefined ? undefined : await deps.store.find(subject, address);
    if (found === undefined) {
      // The same answer for what does not exist and what is another patient's.
      throw new AppError('NOT_FOUND', 'no such entry in the caller’s list');
    }
    await deps.registry.freshen();
    response.json(toAddressedEntry(found, deps.registry.nameOf));
  });
  return router;
}

/** @param queryOf reads the query of the request, once the caller is known to be allowed to ask. */
async function list(
  deps: AccessRoutesDeps,
  request: Request,
  response: Response,
  queryOf: () => unknown,
): Promise<void> {
  const { subject } = patientWith(request, response, 'AuditEvent', ['s']);
  const query = accessQuery.parse(queryOf());
  const filters = filtersOf(query);
  const cursorOf = [subject, filters];
  const before = query.cursor === undefined ? undefined : readCursor(query.cursor, cursorOf);
  await deps.registry.freshen();
  const page = await deps.store.page(subject, filters, before, query.limit);
  const last = page.entries.at(-1);
  const answer: AccessList = {
    items: page.entries.map((entry) => toAccessEntry(entry, deps.registry.nameOf)),
    next: page.more && last !== undefined ? writeCursor(last.position, cursorOf) : null,
  };
  response.json(answer);
}

/** A parameter given twice means the same as one with both values, comma-separated. */
export function joinRepeated(query: Request['query']): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(query).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map(String).join(',') : value,
    ]),
  );
}

type Query = ReturnType<typeof accessQuery.parse>;

function filtersOf(query: Query): AccessFilters {
  const orgs = listOf('org', query.org);
  const purposes = listOf('purpose', query.purpose);
  const types = listOf('type', query.type);
  const outcomes = listOf('outcome', query.outcome)?.map((text) => outcomeSchema.parse(text));
  return {
    ...(query.from === undefined ? {} : { from: Date.parse(query.from) }),
    ...(query.to === undefined ? {} : { to: Date.parse(query.to) }),
    ...(orgs === undefined ? {} : { orgs }),
    ...(query.user === undefined ? {} : { user: query.user }),
    ...(purposes === undefined ? {} : { purposes }),
    ...(outcomes === undefined ? {} : { outcomes }),
    ...(types === undefined ? {} : { types }),
  };
}

const MAX_VALUES = 20;

/** Sorted and without repeats, so that one filter has one spelling and its cursors fit. */
function listOf(name: string, text: string | undefined): readonly string[] | undefined {
  if (text === undefined) {
    return undefined;
  }
  const values = [...new Set(text.split(',').filter((value) => value !== ''))].sort();
  if (values.length === 0 || values.length > MAX_VALUES) {
    throw new AppError('BAD_REQUEST', 'filter list', {
      expose: `${name}: give 1 to ${String(MAX_VALUES)} values, comma-separated, or leave it out`,
    });
  }
  return values;
}
