// SPDX-License-Identifier: Apache-2.0
import {
  type AccessRequest,
  completeEvent,
  DomainError,
  MAX_BATCH_EVENTS,
  parseAccessEvent,
  parseAccessRecorded,
  parseAccessRequest,
  parseBatchInput,
  parseBatchRecord,
  NOBODYS_CLIENT,
  parseClient,
  parseClientInput,
  parseConsentChanged,
  parseConsentDocument,
  parseOrganisation,
  parseOrganisationInput,
  parsePolicy,
  parsePrivateBatch,
  parseRegistryChanged,
  parseSettings,
} from '@chartwitness/chaincode/domain';
import {
  batch,
  bits128,
  clientOf,
  DEFAULT_POLICY,
  item,
  JWK,
  organisationOf,
  request,
  SETTINGS,
  subjectOf,
} from '../support/network';
import { thrown } from '../support/thrown';

const rule = { id: 'r1', effect: 'deny' };
const policyWith = (fields: object): object => ({ rules: [{ ...rule, ...fields }], default: 'deny' });
const many = (count: number, text: string): string[] =>
  Array.from({ length: count }, (_, i) => `${text}${i}`);
const long = (length: number): string => 'x'.repeat(length);

/** The place that the error names. */
function refusesAt(
  parse: (value: unknown) => unknown,
  value: unknown,
  place: string,
  code = 'INVALID_INPUT',
): void {
  const error = thrown(() => parse(value));
  expect(error.code).toBe(code);
  expect(error.detail.split('; ').map((problem) => problem.split(': ')[0])).toContain(place);
}

describe('a policy', () => {
  test('with every field is read unchanged', () => {
    const full = policyWith({
      org: '@holder',
      user: 'urn:oid:2.16.840.1.113883.4.6#10',
      role: 'doctor',
      purposes: ['TREAT', 'BTG'],
      labels: ['http://terminology.hl7.org/CodeSystem/v3-ActCode|PSY'],
      types: ['Observation'],
      actions: ['create', 'read', 'update', 'delete', 'search'],
      period: { start: '2026-01-01', end: '2026-12-31T23:59:59.5+01:00' },
      holdsInEmergency: true,
    });
    expect(parsePolicy(full)).toEqual(full);
    expect(parsePolicy({ rules: [], default: 'permit' })).toEqual({ rules: [], default: 'permit' });
  });

  test.each<[string, unknown, string]>([
    ['is not an object', [], 'policy'],
    ['is null', null, 'policy'],
    ['has no rules', { default: 'deny' }, 'policy.rules'],
    ['has no default', { rules: [] }, 'policy.default'],
    ['has another default', { rules: [], default: 'maybe' }, 'policy.default'],
    ['has an unknown field', { rules: [], default: 'deny', extra: 1 }, 'policy.extra'],
    [
      'has too many rules',
      { rules: many(201, 'r').map((id) => ({ ...rule, id })), default: 'deny' },
      'policy.rules',
    ],
    ['has two rules of one id', { rules: [rule, rule], default: 'deny' }, 'policy.rules[1].id'],
  ])('that %s is refused', (_, value, place) => {
    refusesAt(parsePolicy, value, place);
  });

  test.each<[string, object]>([
    ['id', { id: '' }],
    ['id', { id: 'a b' }],
    ['id', { id: long(65) }],
    ['effect', { effect: 'PERMIT' }],
    ['org', { org: '' }],
    ['org', { org: '@other' }],
    ['org', { org: 'a/b' }],
    ['user', { user: long(257) }],
    ['user', { user: 'line\nbreak' }],
    ['user', { user: '\ud800' }],
    ['role', { role: '' }],
    ['role', { role: long(129) }],
    ['purposes', { purposes: [] }],
    ['purposes', { purposes: many(51, 'P') }],
    ['purposes[0]', { purposes: [' TREAT'] }],
    ['labels', { labels: [] }],
    ['labels[1]', { labels: ['PSY', 5] }],
    ['types[0]', { types: ['observation'] }],
    ['actions[0]', { actions: ['write'] }],
    ['period', { period: {} }],
    ['period.start', { period: { start: '2026-02-30' } }],
    ['period.start', { period: { start: '2026' } }],
    ['period.end', { period: { end: '2026-01-01T00:00:00' } }],
    ['period.end', { period: { end: '2026-01-01T24:00:00Z' } }],
    ['period.until', { period: { start: '2026-01-01', until: '2027-01-01' } }],
    ['period', { period: { start: '2026-06-01', end: '2026-05-31' } }],
    ['holdsInEmergency', { holdsInEmergency: 'yes' }],
    ['holdsInEmergency', { effect: 'permit', holdsInEmergency: true }],
    ['org', { effect: 'permit', user: 'dr-7' }],
    ['org', { effect: 'permit', user: 'dr-7', org: '@holder' }],
    ['labels[0]', { labels: ['*'] }],
    ['Effect', { Effect: 'permit' }],
  ])('whose rule has a wrong %s is refused: %j', (place, fields) => {
    refusesAt(parsePolicy, policyWith(fields), `policy.rules[0].${place}`);
  });

  test('is refused with every problem at once, in words that repeat no value', () => {
    const error = thrown(() =>
      parsePolicy({ rules: [{ id: 'Ada Secret', user: 5, 'Ada Lovelace!': 1 }], more: 1 }),
    );
    expect(error.detail.split('; ')).toEqual([
      'policy.rules[0].id: expected 1–64 characters A–Z a–z 0–9 . _ -',
      'policy.rules[0].effect: missing',
      'policy.rules[0].user: expected 1–256 visible characters, among them a letter or a number',
      'policy.rules[0]: a field with an unknown name',
      'policy.default: missing',
      'policy.more: unknown field',
    ]);
    expect(error.message).not.toMatch(/Ada|Secret|Lovelace/);
  });

  test('lists the first 20 problems and counts the rest', () => {
    const error = thrown(() => parsePolicy({ rules: many(30, 'r').map((id) => ({ id })), default: 'deny' }));
    expect(error.detail.split('; ')).toHaveLength(21);
    expect(error.detail).toMatch(/; and 10 more$/);
  });

  test('ignores what an object inherits', () => {
    refusesAt(parsePolicy, Object.create({ rules: [], default: 'permit' }), 'policy.rules');
    refusesAt(parsePolicy, JSON.parse('{"rules":[],"default":"deny","__proto__":{}}'), 'policy.__proto__');
  });
});

test('a consent document', () => {
  const document = { subject: subjectOf('ada'), version: 1, ...DEFAULT_POLICY };
  expect(parseConsentDocument(document)).toEqual(document);
  refusesAt(parseConsentDocument, { ...document, version: 0 }, 'consent.version');
  refusesAt(parseConsentDocument, { ...document, version: 1.5 }, 'consent.version');
  refusesAt(parseConsentDocument, { ...document, subject: 'ada' }, 'consent.subject');
  refusesAt(parseConsentDocument, DEFAULT_POLICY, 'consent.subject');
});

describe('an access request', () => {
  const emergency = { reason: 'unconscious on arrival' };
  const person = { id: 'p', name: 'P', role: '' };
  const requester = { org: 'NorthHospitalMSP', clientId: 'north-ehr', person };

  test.each<[string, AccessRequest]>([
    ['ordinary', request('a')],
    ['without a person', request('a', { requester: { ...requester, person: null } })],
    [
      'a late emergency',
      request('a', {
        purpose: 'BTG',
        emergency,
        late: true,
        lateBasis: 'deployment',
        items: [item({ released: true })],
      }),
    ],
    ['a page of a longer list', request('a', { items: [item({ further: 52 })] })],
    ['an included item', request('a', { items: [item(), item({ type: 'Encounter', via: [0] })] })],
    ['a part', request('a', { part: { request: bits128('a'), number: 2, of: 3 } })],
    [
      'an amendment that nothing was given',
      request('a', {
        amends: { lane: 'NorthHospitalMSP/north', number: 7, id: bits128('b'), why: 'nothingGiven' },
        items: [item({ released: false })],
      }),
    ],
    [
      'an amendment of a release',
      request('a', {
        purpose: 'BTG',
        emergency,
        lateBasis: 'ownPeer',
        amends: { lane: 'NorthHospitalMSP/north', number: 7, id: bits128('b'), why: 'releasedLate' },
        items: [item({ released: true })],
      }),
    ],
    ['emergency without its reason, which will be refused and recorded', request('a', { purpose: 'ETREAT' })],
    ['for nothing found', request('a', { items: [item({ count: 0, ids: [] })] })],
    ['labelled', request('a', { items: [item({ labels: ['ETH', 'PSY', 'https://example.org|x'] })] })],
    ['whose labels cannot be told', request('a', { items: [item({ labels: ['*'] })] })],
    [
      'with a reason of several lines',
      request('a', { purpose: 'BTG', emergency: { reason: 'first line\nsecond line' } }),
    ],
  ])('%s is read unchanged', (_, value) => {
    expect(parseAccessRequest(value)).toEqual(value);
  });

  test.each<[string, object]>([
    ['id', { id: 'short' }],
    ['id', { id: `${bits128('x').slice(0, 21)}B` }],
    ['salt', { salt: undefined }],
    ['subject', { subject: 'ada@example.org' }],
    ['requester', { requester: 'north' }],
    ['requester.org', { requester: { ...requester, org: '@holder' } }],
    ['requester.clientId', { requester: { ...requester, clientId: 'a b' } }],
    ['requester.person', { requester: { org: 'NorthHospitalMSP', clientId: 'north-ehr' } }],
    ['requester.person.id', { requester: { ...requester, person: { ...person, id: '' } } }],
    ['requester.person.name', { requester: { ...requester, person: { ...person, name: long(301) } } }],
    ['requester.person.role', { requester: { ...requester, person: { ...person, role: long(129) } } }],
    ['requester.person.email', { requester: { ...requester, person: { ...person, email: 'x' } } }],
    ['purpose', { purpose: '' }],
    ['action', { action: 'everything' }],
    ['emergency', { emergency: 'help' }],
    ['emergency.reason', { purpose: 'BTG', emergency: { reason: 'no' } }],
    ['emergency.reason', { purpose: 'BTG', emergency: { reason: long(501) } }],
    ['emergency.reason', { purpose: 'BTG', emergency: { reason: `control \u0007 character` } }],
    ['emergency', { purpose: 'TREAT', emergency }],
    ['late', { late: 'no' }],
    ['late', { late: true }],
    ['items', { purpose: 'BTG', emergency, late: true, lateBasis: 'ownPeer' }],
    ['lateBasis', { purpose: 'BTG', emergency, late: true, items: [item({ released: true })] }],
    ['lateBasis', { lateBasis: 'ownPeer' }],
    ['items', { items: [item({ released: true })] }],
    ['items[0].further', { items: [item({ further: 0 })] }],
    ['items[0].via', { items: [item({ via: [] })] }],
    ['items[0].via', { items: [item({ via: [0] })] }],
    ['items[0].via', { items: [item({ via: [1] })] }],
    ['items[2].via', { items: [item(), item(), item({ via: [1, 0] })] }],
    ['part.of', { part: { request: bits128('a'), number: 1, of: 1 } }],
    ['part.number', { part: { request: bits128('a'), number: 3, of: 2 } }],
    [
      'amends.lane',
      {
        amends: { lane: 'north', number: 7, id: bits128('b'), why: 'nothingGiven' },
        items: [item({ released: false })],
      },
    ],
    [
      'items',
      {
        amends: { lane: 'NorthHospitalMSP/north', number: 7, id: bits128('b'), why: 'nothingGiven' },
        items: [item({ released: true })],
      },
    ],
    [
      'amends',
      {
        amends: { lane: 'NorthHospitalMSP/north', number: 7, id: bits128('b'), why: 'releasedLate' },
        lateBasis: 'ownPeer',
        items: [item({ released: true })],
      },
    ],
    ['requestedAt', { requestedAt: '2026-11-23T09:29:59Z' }],
    ['requestedAt', { requestedAt: '2026-11-23T09:29:59.120+00:00' }],
    ['requestedAt', { requestedAt: '2026-13-23T09:29:59.120Z' }],
    ['items', { items: [] }],
    ['items', { items: many(101, 'x').map(() => item()) }],
    ['items[0].type', { items: [item({ type: '' })] }],
    ['items[0].labels', { items: [item({ labels: ['PSY', 'ETH'] })] }],
    ['items[0].labels', { items: [item({ labels: ['PSY', 'PSY'] })] }],
    [
      'items[0].labels',
      { items: [item({ labels: ['http://terminology.hl7.org/CodeSystem/v3-ActCode|PSY'] })] },
    ],
    ['items[0].labels', { items: [item({ labels: many(21, 'L').sort() })] }],
    ['items[0].labels', { items: [item({ labels: ['psy'] })] }],
    ['items[0].labels', { items: [item({ labels: ['*', 'PSY'] })] }],
    ['items[0].count', { items: [item({ count: -1 })] }],
    ['items[0].ids', { items: [item({ count: 1 })] }],
    ['items[0].ids', { items: [item({ count: 60, ids: many(51, 'o') })] }],
    ['items[0].ids[0]', { items: [item({ ids: ['a/b'] })] }],
    ['items[0].decision', { items: [{ ...item(), decision: 'permit' }] }],
    ['outcome', { outcome: 'permit' }],
  ])('with a wrong %s is refused: %j', (place, fields) => {
    refusesAt(parseAccessRequest, { ...request('a'), ...fields }, `request.${place}`);
  });
});

describe('a batch', () => {
  test('of 1 to 1,000 requests with ids of their own', () => {
    const full = batch(Array.from({ length: MAX_BATCH_EVENTS }, (_, i) => request(`r${i}`)));
    expect(parseBatchInput(full)).toEqual(full);
    refusesAt(parseBatchInput, batch([]), 'batch.requests');
    refusesAt(parseBatchInput, batch([...full.requests, request('one more')]), 'batch.requests');
    refusesAt(parseBatchInput, batch([request('a'), request('b'), request('a')]), 'batch.requests[2].id');
    refusesAt(parseBatchInput, batch([request('a')], -1), 'batch.start');
    refusesAt(parseBatchInput, { ...batch([request('a')]), seq: 1 }, 'batch.seq');
  });

  test('as stored, and its record', () => {
    const at = '2026-11-23T09:30:00.000Z';
    const context = {
      holder: 'NorthHospitalMSP',
      at,
      consent: undefined,
      defaultPolicy: DEFAULT_POLICY,
      refusal: undefined,
    };
    const event = completeEvent(request('a', { items: [item(), item({ type: 'Condition' })] }), context);
    expect(parseAccessEvent(event)).toEqual(event);
    expect(parsePrivateBatch({ start: 3, events: [event] })).toEqual({ start: 3, events: [event] });
    refusesAt(parseAccessEvent, { ...event, v: 1 }, 'event.v');
    refusesAt(parseAccessEvent, { ...event, kind: 'amendment' }, 'event.kind');
    refusesAt(parseAccessEvent, { ...event, outcome: 'ok' }, 'event.outcome');
    refusesAt(
      parseAccessEvent,
      { ...event, items: [{ ...event.items[0], basis: { kind: 'whim' } }] },
      'event.items[0].basis.kind',
    );
    refusesAt(
      parseAccessEvent,
      { ...event, items: [{ ...event.items[0], basis: { kind: 'constructor' } }] },
      'event.items[0].basis.kind',
    );
    refusesAt(
      parseAccessEvent,
      { ...event, items: [{ ...event.items[0], basis: { kind: 'rule', version: 1 } }] },
      'event.items[0].basis.rule',
    );
    refusesAt(parsePrivateBatch, { start: 0, events: [] }, 'batch.events', 'CORRUPT');
    const record = { start: 0, count: 1, batchRoot: subjectOf('root') };
    expect(parseBatchRecord(record)).toEqual(record);
    refusesAt(parseBatchRecord, { ...record, batchRoot: 'x' }, 'record.batchRoot', 'CORRUPT');
    refusesAt(parseBatchRecord, { ...record, count: 0 }, 'record.count', 'CORRUPT');
  });
});

describe('the registry', () => {
  test('organisations', () => {
    const organisation = organisationOf('NorthHospitalMSP', 'holder');
    expect(parseOrganisationInput(organisation)).toEqual(organisation);
    expect(parseOrganisation({ ...organisation, status: 'suspended' })).toMatchObject({
      status: 'suspended',
    });
    refusesAt(parseOrganisationInput, { ...organisation, status: 'active' }, 'organisation.status');
    refusesAt(parseOrganisation, organisation, 'organisation.status');
    refusesAt(parseOrganisationInput, { ...organisation, mspId: 'North/Hospital' }, 'organisation.mspId');
    refusesAt(parseOrganisationInput, { ...organisation, role: 'patient' }, 'organisation.role');
    refusesAt(parseOrganisationInput, { ...organisation, name: '' }, 'organisation.name');
    refusesAt(
      parseOrganisationInput,
      { ...organisation, identifiers: ['not a uri'] },
      'organisation.identifiers[0]',
    );
    refusesAt(
      parseOrganisationInput,
      { ...organisation, identifiers: ['urn:a:b', 'urn:a:b'] },
      'organisation.identifiers',
    );
    refusesAt(
      parseOrganisationInput,
      { ...organisation, identifiers: many(11, 'urn:a:') },
      'organisation.identifiers',
    );
  });

  const client = clientOf('north-ehr');
  const withKey = (fields: object): object => ({ ...client, jwks: { keys: [{ ...JWK, ...fields }] } });

  test('client applications', () => {
    expect(parseClientInput(client)).toEqual(client);
    expect(parseClient({ ...client, org: 'NorthHospitalMSP', status: 'active' })).toMatchObject(client);
    const rsa = { kty: 'RSA', n: 'AQAB', e: 'AQAB', alg: 'RS384', use: 'sig', key_ops: ['verify'] };
    expect(parseClientInput({ ...client, jwks: { keys: [rsa] } })).toBeDefined();
    refusesAt(parseClientInput, { ...client, org: 'SouthClinicMSP' }, 'client.org');
    refusesAt(parseClientInput, { ...client, clientId: '' }, 'client.clientId');
    // In its name gateways fill places with entries about nobody: a client with this id could have them
    // permitted.
    refusesAt(parseClientInput, { ...client, clientId: NOBODYS_CLIENT }, 'client.clientId');
    expect(parseClientInput({ ...client, clientId: `${NOBODYS_CLIENT}s` })).toBeDefined();
    refusesAt(parseClientInput, { ...client, scope: 'system/*.rs  system/*.c' }, 'client.scope');
    refusesAt(parseClientInput, { ...client, scope: '' }, 'client.scope');
    refusesAt(parseClientInput, { ...client, jwks: { keys: [] } }, 'client.jwks.keys');
    refusesAt(
      parseClientInput,
      { ...client, jwks: { keys: Array.from({ length: 11 }, () => JWK) } },
      'client.jwks.keys',
    );
    refusesAt(parseClientInput, { ...client, jwks: { keys: ['key'] } }, 'client.jwks.keys[0]');
  });

  test.each(['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'])(
    'private key member %s is refused by name',
    (name) => {
      const error = thrown(() => parseClientInput(withKey({ [name]: 'c2VjcmV0' })));
      expect(error.detail).toBe(
        `client.jwks.keys[0].${name}: private key material; register the public key only`,
      );
    },
  );

  test.each<[string, object]>([
    ['kty', { kty: 'oct' }],
    ['kty', { kty: undefined }],
    ['crv', { crv: 'secp256k1' }],
    ['x', { x: 'not base64!' }],
    ['use', { use: 'enc' }],
    ['n', { kty: 'RSA' }],
    ['x5u', { x5u: 'https://example.org' }],
    ['owner', { owner: 'Ada Lovelace' }],
  ])('a key with a wrong %s is refused: %j', (name, fields) => {
    refusesAt(parseClientInput, JSON.parse(JSON.stringify(withKey(fields))), `client.jwks.keys[0].${name}`);
  });

  test('settings', () => {
    expect(parseSettings(SETTINGS)).toEqual(SETTINGS);
    refusesAt(parseSettings, { ...SETTINGS, trustee: '' }, 'settings.trustee');
    const [ssn] = SETTINGS.identifierSystems;
    refusesAt(parseSettings, { ...SETTINGS, identifierSystems: [] }, 'settings.identifierSystems');
    refusesAt(parseSettings, { ...SETTINGS, identifierSystems: [ssn, ssn] }, 'settings.identifierSystems');
    for (const system of ['urn:chartwitness:local:NorthHospitalMSP', 'URN:Chartwitness:local:x']) {
      refusesAt(
        parseSettings,
        { ...SETTINGS, identifierSystems: [{ ...ssn, system }] },
        'settings.identifierSystems',
      );
    }
    refusesAt(
      parseSettings,
      { ...SETTINGS, identifierSystems: [{ ...ssn, form: 'ssn' }] },
      'settings.identifierSystems[0].form',
    );
    refusesAt(
      parseSettings,
      { ...SETTINGS, identifierSystems: [{ ...ssn, system: 'urn:a|b' }] },
      'settings.identifierSystems[0].system',
    );
    refusesAt(parseSettings, { ...SETTINGS, defaultPolicy: { rules: [] } }, 'settings.defaultPolicy.default');
  });
});

test('payloads of ledger events', () => {
  const recorded = { lane: 'NorthHospitalMSP/main', seq: 0, count: 1, batchRoot: subjectOf('root') };
  expect(parseAccessRecorded(recorded)).toEqual(recorded);
  refusesAt(parseAccessRecorded, { ...recorded, lane: 'main' }, 'AccessRecorded.lane', 'CORRUPT');
  refusesAt(parseAccessRecorded, { ...recorded, seq: -1 }, 'AccessRecorded.seq', 'CORRUPT');
  const changed = { subject: subjectOf('ada'), version: 2 };
  expect(parseConsentChanged(changed)).toEqual(changed);
  refusesAt(parseConsentChanged, { ...changed, subject: 'ada' }, 'ConsentChanged.subject', 'CORRUPT');
  expect(parseRegistryChanged({ kind: 'client', id: 'north-ehr' })).toEqual({
    kind: 'client',
    id: 'north-ehr',
  });
  refusesAt(parseRegistryChanged, { kind: 'person', id: 'ada' }, 'RegistryChanged.kind', 'CORRUPT');
});

test('a refusal is a DomainError', () => {
  expect(thrown(() => parsePolicy(1))).toBeInstanceOf(DomainError);
});
