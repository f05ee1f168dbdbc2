// SPDX-License-Identifier: Apache-2.0
import { setImmediate as nextTurn } from 'node:timers/promises';
import { json, type Request, type Response, Router } from 'express';
import { type ConsentPolicy, parsePolicy } from '@chartwitness/chaincode/domain';
import {
  type ConsentDocument as ConsentAnswer,
  type ConsentHistory,
  consentInput,
  type ConsentPreview,
  pageQuery,
  previewQuery,
} from '../../api/schemas';
import { coversPatientScope } from '../../auth/patientScopes';
import { AppError } from '../../errors';
import type { NetworkDirectory } from '../../registry/networkDirectory';
import { readCursor, writeCursor } from '../../readmodel/accessCursor';
import type { AccessStore, StoredEntry } from '../../readmodel/accessStore';
import { joinRepeated } from './accessRoutes';
import { callerOf, patientWith } from './caller';
import type { ConsentDesk, StandingConsent } from './consentDesk';
import { replayAccess, replayPage } from './consentPreview';
import { jsonBody } from './jsonBody';

export interface ConsentRoutesDeps {
  readonly desk: ConsentDesk;
  readonly store: AccessStore;
  readonly registry: NetworkDirectory;
}

const MAX_BODY = '512kb';
const ETAG = /^"(0|[1-9]\d{0,15})"$/;

/** `GET`/`PUT /consent`, `POST /consent/preview`, `GET /consent/history`. */
export function consentRoutes(deps: ConsentRoutesDeps): Router {
  const router = Router();
  const body = json({ limit: MAX_BODY, type: ['application/json', 'application/*+json'] });
  router.get('/consent', async (request, response) => {
    const { subject } = patientWith(request, response, 'Consent', ['r']);
    sendConsent(response, await deps.desk.current(subject));
  });
  router.put('/consent', body, async (request, response) => {
    const { subject } = patientWith(request, response, 'Consent', ['u', 'c']);
    const version = expectedVersion(request);
    requireLetterFor(request, version);
    const policy = policyOf(request, subject, version);
    sendConsent(response, await deps.desk.change(subject, policy, version));
  });
  router.post('/consent/preview', body, async (request, response) => {
    const { subject } = patientWith(request, response, 'Consent', ['r']);
    patientWith(request, response, 'AuditEvent', ['s']);
    response.json(await preview(deps, request, subject));
  });
  router.get('/consent/history', async (request, response) => {
    const { subject } = patientWith(request, response, 'Consent', ['r']);
    response.json(await history(deps, request, subject));
  });
  return router;
}

/**
 * The version is the strong entity tag: equal versions are equal documents, byte for byte (RFC 9110 §8.8.1).
 */
function sendConsent(response: Response, consent: StandingConsent): void {
  response.set('ETag', `"${String(consent.version)}"`).json(toAnswer(consent));
}

function toAnswer(consent: StandingConsent): ConsentAnswer {
  const { subject, version, rules, default: fallback } = consent;
  return {
    subject,
    version,
    rules: rules.map((rule) => ({ ...rule })) as ConsentAnswer['rules'],
    default: fallback,
  };
}

/**
 * RFC 9110 §13.1.1: If-Match compares strongly, so a weak tag (`W/"3"`) matches nothing. `*` is refused: it
 * would overwrite rules that the patient has not seen.
 */
function expectedVersion(request: Request): number {
  const header = request.get('if-match')?.trim();
  if (header === undefined || header === '' || header === '*') {
    throw new AppError('PRECONDITION_REQUIRED', 'If-Match is absent or *', {
      expose: 'send If-Match with the ETag of the consent that the change starts from',
    });
  }
  const [, version] = ETAG.exec(header) ?? [];
  if (version === undefined) {
    throw new AppError('PRECONDITION_FAILED', 'If-Match is not a version of this service', {
      expose: 'If-Match must be one ETag as answered by GET /api/v1/consent, for instance "3"',
    });
  }
  return Number(version);
}

/** `u` changes a consent, `c` makes the first one only. */
function requireLetterFor(request: Request, version: number): void {
  const caller = callerOf(request);
  if (version > 0 && caller.kind === 'token' && !coversPatientScope(caller.scope, 'Consent', 'u')) {
    throw new AppError('INSUFFICIENT_SCOPE', 'needs patient/Consent.u', {
      expose: 'needs the scope patient/Consent.u',
    });
  }
}

function policyOf(request: Request, subject: string, version: number): ConsentPolicy {
  const input = consentInput.parse(jsonBody(request));
  if (input.subject !== undefined && input.subject !== subject) {
    throw new AppError('BAD_REQUEST', 'foreign subject', {
      expose: 'subject: is not the caller’s own; leave it out',
    });
  }
  if (input.version !== undefined && input.version !== version) {
    throw new AppError('BAD_REQUEST', 'version differs from If-Match', {
      expose: 'version: differs from If-Match; leave it out, or read the consent again',
    });
  }
  // The ledger's own form says more than the schema (unique ids, sensible periods): asked here, so that
  // nothing is sent that it refuses.
  return parsePolicy({ rules: input.rules, default: input.default });
}

/** Newest accesses replayed in one call, against the consent on file and the draft. */
const DEFAULT_REPLAYED = 500;

async function preview(deps: ConsentRoutesDeps, request: Request, subject: string): Promise<ConsentPreview> {
  const input = consentInput.parse(jsonBody(request));
  const draft = parsePolicy({ rules: input.rules, default: input.default });
  const query = previewQuery.parse(joinRepeated(request.query));
  const filters = query.from === undefined ? {} : { from: Date.parse(query.from) };
  const standing = await deps.desk.current(subject);
  // Pages that were compared with different rules do not add up.
  const list = [subject, 'preview', draft, standing.version, filters];
  const before = query.cursor === undefined ? undefined : readCursor(query.cursor, list);
  const page = await deps.store.page(subject, filters, before, query.limit ?? DEFAULT_REPLAYED);
  await deps.registry.freshen();
  const change = { standing, draft };
  const replayOne = (entry: StoredEntry) => replayAccess(entry, change, deps.registry.nameOf);
  const { items, considered } = await replayPage(page.entries, replayOne, {
    now: () => performance.now(),
    breathe: () => nextTurn(),
  });
  const oldest = page.entries[considered - 1];
  const isMore = page.more || considered < page.entries.length;
  return {
    items: [...items],
    version: standing.version,
    considered,
    since: oldest?.event.at ?? null,
    next: isMore && oldest !== undefined ? writeCursor(oldest.position, list) : null,
  };
}

const DEFAULT_VERSIONS = 50;

async function history(deps: ConsentRoutesDeps, request: Request, subject: string): Promise<ConsentHistory> {
  const query = pageQuery.parse(joinRepeated(request.query));
  const list = [subject, 'history'];
  const before = query.cursor === undefined ? Infinity : readCursor(query.cursor, list);
  const limit = query.limit ?? DEFAULT_VERSIONS;
  const versions = (await deps.desk.history(subject)).filter(({ document }) => document.version < before);
  const shown = versions.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(({ document, at }) => ({ at, consent: toAnswer(document) })),
    next: versions.length > limit && last !== undefined ? writeCursor(last.document.version, list) : null,
  };
}
