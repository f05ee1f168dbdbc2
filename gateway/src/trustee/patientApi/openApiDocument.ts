// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { createDocument, type ZodOpenApiResponseObject } from 'zod-openapi';
import {
  accessEntry,
  accessList,
  accessQuery,
  consentDocument,
  consentHistory,
  consentInput,
  consentPreview,
  me,
  pageQuery,
  previewQuery,
  problem,
} from '../../api/schemas';
import { grantablePatientScopes } from '../../auth/patientScopes';

const VERSION = '1.0.0';
const etag = z.string().meta({ description: 'The consent’s version as a strong entity tag', example: '"3"' });

function answer(description: string, schema: z.ZodType, headers?: z.ZodObject): ZodOpenApiResponseObject {
  return {
    description,
    content: { 'application/json': { schema } },
    ...(headers === undefined ? {} : { headers }),
  };
}

function problems(
  statuses: Readonly<Record<number, string>>,
): Record<`${4 | 5}${string}`, ZodOpenApiResponseObject> {
  return Object.fromEntries(
    Object.entries(statuses).map(([status, description]) => [
      status,
      { description, content: { 'application/problem+json': { schema: problem } } },
    ]),
  );
}

const READ_PROBLEMS = {
  401: 'Not signed in, or the access token is not valid',
  403: 'The access token does not cover this',
  429: 'Too many requests; Retry-After says when to come back',
};
const LEDGER_AWAY = { 503: 'The ledger or the read model is away; Retry-After says when to come back' };
const BAD_INPUT = { 400: 'The input is not valid; `detail` names each field' };

/** OpenAPI 3.1 of the patient API, from the schemas that validate it. */
export function openApiDocument(baseUrl: string, issuer: string): ReturnType<typeof createDocument> {
  const api = (scope: string): Record<string, string[]>[] => [{ session: [] }, { oauth: [scope] }];
  return createDocument({
    openapi: '3.1.1',
    info: {
      title: 'Chartwitness patient API',
      version: VERSION,
      description:
        'Who accessed your medical record, and the rules by which it is opened. Every path answers for the caller alone.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: `${baseUrl}/api/v1` }],
    components: {
      securitySchemes: {
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: baseUrl.startsWith('https:') ? '__Host-cw_session' : 'cw_session',
        },
        oauth: {
          type: 'oauth2',
          flows: {
            authorizationCode: {
              authorizationUrl: `${issuer}/auth`,
              tokenUrl: `${issuer}/token`,
              refreshUrl: `${issuer}/token`,
              scopes: Object.fromEntries(
                grantablePatientScopes().map((scope) => [
                  scope,
                  'SMART App Launch 2.2 scope of the patient API',
                ]),
              ),
            },
          },
        },
      },
    },
    paths: {
      '/me': {
        get: {
          operationId: 'getMe',
          summary: 'Who calls, and how fresh the list is',
          security: [{ session: [] }, { oauth: [] }],
          responses: { 200: answer('The caller', me), ...problems(READ_PROBLEMS) },
        },
      },
      '/accesses': {
        get: {
          operationId: 'listAccesses',
          summary: 'Accesses and refused attempts, newest first',
          description:
            'Ordered by their place on the ledger. `next` is a cursor for the same caller and filters; entries that arrive meanwhile do not move it.',
          security: api('patient/AuditEvent.s'),
          requestParams: { query: accessQuery },
          responses: {
            200: answer('A page', accessList),
            ...problems({ ...BAD_INPUT, ...READ_PROBLEMS, ...LEDGER_AWAY }),
          },
        },
      },
      '/accesses/search': {
        post: {
          operationId: 'searchAccesses',
          summary: 'The same list, with the filters in the body',
          description:
            'For filters that name a person: an identifier in a URL is kept by proxies and browsers. Cursors of both are the same.',
          security: api('patient/AuditEvent.s'),
          requestParams: { header: z.object({ 'X-CSRF-Token': z.string().optional() }) },
          requestBody: { required: true, content: { 'application/json': { schema: accessQuery } } },
          responses: {
            200: answer('A page', accessList),
            ...problems({ ...BAD_INPUT, ...READ_PROBLEMS, 415: 'Not JSON', ...LEDGER_AWAY }),
          },
        },
      },
      '/accesses/{id}': {
        get: {
          operationId: 'getAccess',
          summary: 'One access',
          description:
            '`id` is the entry’s address on the ledger and stays the same. The address of an amendment, or of a part of a request that is not its first one, answers that alone.',
          security: api('patient/AuditEvent.r'),
          requestParams: { path: z.strictObject({ id: z.string().max(178) }) },
          responses: {
            200: answer('The access', accessEntry),
            ...problems({ ...READ_PROBLEMS, 404: 'Not in the caller’s list', ...LEDGER_AWAY }),
          },
        },
      },
      '/consent': {
        get: {
          operationId: 'getConsent',
          summary: 'The rules as they stand; version 0 is the network’s default policy',
          security: api('patient/Consent.r'),
          responses: {
            200: answer('The consent', consentDocument, z.object({ ETag: etag })),
            ...problems({ ...READ_PROBLEMS, ...LEDGER_AWAY }),
          },
        },
        put: {
          operationId: 'putConsent',
          summary: 'Replaces the rules; answers when the ledger has committed them',
          description:
            'With a session, send its `csrfToken` as `X-CSRF-Token`. If-Match takes one strong ETag: `*` and weak tags are refused. After a 503 the same request may be sent again.',
          security: api('patient/Consent.u'),
          requestParams: {
            header: z.object({ 'If-Match': etag, 'X-CSRF-Token': z.string().optional() }),
          },
          requestBody: { required: true, content: { 'application/json': { schema: consentInput } } },
          responses: {
            200: answer('The new consent', consentDocument, z.object({ ETag: etag })),
            ...problems({
              ...BAD_INPUT,
              ...READ_PROBLEMS,
              412: 'Another change came first: read the consent again',
              415: 'Not JSON',
              428: 'If-Match is absent',
              ...LEDGER_AWAY,
            }),
          },
        },
      },
      '/consent/preview': {
        post: {
          operationId: 'previewConsent',
          summary:
            'Which accesses like recent ones a draft decides otherwise than the consent on file; changes nothing',
          description: 'Needs patient/AuditEvent.s too.',
          security: api('patient/Consent.r'),
          requestParams: { query: previewQuery, header: z.object({ 'X-CSRF-Token': z.string().optional() }) },
          requestBody: { required: true, content: { 'application/json': { schema: consentInput } } },
          responses: {
            200: answer('The accesses that differ', consentPreview),
            ...problems({ ...BAD_INPUT, ...READ_PROBLEMS, 415: 'Not JSON', ...LEDGER_AWAY }),
          },
        },
      },
      '/consent/history': {
        get: {
          operationId: 'listConsentVersions',
          summary: 'Every version of the rules, newest first',
          security: api('patient/Consent.r'),
          requestParams: { query: pageQuery },
          responses: {
            200: answer('A page', consentHistory),
            ...problems({ ...BAD_INPUT, ...READ_PROBLEMS, ...LEDGER_AWAY }),
          },
        },
      },
    },
  });
}
