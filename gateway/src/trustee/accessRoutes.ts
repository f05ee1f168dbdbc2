// SPDX-License-Identifier: Apache-2.0
import { type Request, Router } from 'express';
import { outcome as outcomeSchema, accessQuery, type AccessList } from '../api/schemas';
import { AppError } from '../errors';
import type { NetworkDirectory } from '../projection/networkDirectory';
import { readCursor, writeCursor } from '../readmodel/accessCursor';
import type { AccessFilters, AccessStore } from '../readmodel/accessStore';
import { toAccessEntry } from './accessView';
import { patientWith } from './caller';

export interface AccessRoutesDeps {
  readonly store: AccessStore;
  readonly registry: NetworkDirectory;
}

const MAX_ID_LENGTH = 128;

/** `GET /accesses`, `GET /accesses/:id`: the caller's own entries. */
export function accessRoutes(deps: AccessRoutesDeps): Router {
  const router = Router();
  router.get('/accesses', async (request, response) => {
    const { subject } = patientWith(request, response, 'AuditEvent', ['s']);
    const query = accessQuery.parse(joinRepeated(request.query));
    const filters = filtersOf(query);
    const list = [subject, filters];
    const before = query.cursor === undefined ? undefined : readCursor(query.cursor, list);
    await deps.registry.freshen();
    const page = await deps.store.page(subject, filters, before, query.limit);
    const last = page.entries.at(-1);
    const answer: AccessList = {
      items: page.entries.map((entry) => toAccessEntry(entry, deps.registry.nameOf)),
      next: page.more && last !== undefined ? writeCursor(last.position, list) : null,
    };
    response.json(answer);
  });
  router.get('/accesses/:id', async (request: Request<{ id: string }>, response) => {
    const { subject } = patientWith(request, response, 'AuditEvent', ['r']);
    const { id } = request.params;
    const entry = id.length > MAX_ID_LENGTH ? undefined : await deps.store.find(subject, id);
    if (entry === undefined) {
      // The same answer for what does not exist and what is another patient's.
      throw new AppError('NOT_FOUND', 'no such entry in the caller’s list');
    }
    await deps.registry.freshen();
    response.json(toAccessEntry(entry, deps.registry.nameOf));
  });
  return router;
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
