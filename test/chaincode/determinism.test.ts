// SPDX-License-Identifier: Apache-2.0
import { FakePeer, type Result } from './support/fakePeer';
import type { Identity } from './support/identities';
import {
  batch,
  bits128,
  type Callers,
  clientOf,
  createCallers,
  createNetwork,
  item,
  LANE,
  organisationOf,
  putConsent,
  request,
  SETTINGS,
  southRequester,
  subjectOf,
} from './support/network';

let callers: Callers;
beforeAll(async () => {
  callers = await createCallers();
});

/** The same value with every object's keys in reverse order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(reversed);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, one]) => [key, reversed(one)]),
  );
}

const ada = subjectOf('ada');
const policy = {
  rules: [
    { id: 'psy', effect: 'deny', labels: ['PSY'], holdsInEmergency: true },
    { id: 'day', effect: 'permit', org: '@holder', period: { start: '2026-01-01', end: '2026-12-31' } },
  ],
  default: 'deny',
};
const requests = batch([
  request('a', { items: [item({ labels: ['PSY'] }), item()] }),
  request('b', {
    requester: southRequester,
    purpose: 'BTG',
    emergency: { reason: 'unconscious on arrival' },
  }),
  request('c', { subject: subjectOf('bob') }),
]);

/** Each transaction: who calls, its text arguments, its JSON as argument or transient. */
const TRANSACTIONS: [
  string,
  keyof Callers,
  (json: (value: unknown) => string) => { args: string[]; transient?: Record<string, string> },
][] = [
  ['Registry:Initialise', 'trustee', (json) => ({ args: [json(SETTINGS)] })],
  [
    'Registry:AdmitOrganisation',
    'trustee',
    (json) => ({
      args: [json({ ...organisationOf('NorthHospitalMSP', 'holder'), identifiers: ['urn:b:2', 'urn:a:1'] })],
    }),
  ],
  ['Registry:SetOrganisationStatus', 'trustee', () => ({ args: ['SouthClinicMSP', 'suspended'] })],
  ['Registry:PutClient', 'north', (json) => ({ args: [json(clientOf('north-2'))] })],
  ['Registry:SetClientStatus', 'north', () => ({ args: ['north-ehr', 'suspended'] })],
  ['Registry:GetSettings', 'south', () => ({ args: [] })],
  ['Registry:ListOrganisations', 'south', () => ({ args: [] })],
  ['Registry:GetClient', 'south', () => ({ args: ['north-ehr'] })],
  ['Registry:ListClients', 'south', () => ({ args: ['NorthHospitalMSP'] })],
  [
    'Consent:Put',
    'trustee',
    (json) => ({ args: [ada, '1'], transient: { policy: json(policy), changeId: bits128('d') } }),
  ],
  ['Consent:Get', 'trustee', () => ({ args: [ada] })],
  ['Consent:History', 'trustee', () => ({ args: [ada] })],
  ['Access:Record', 'north', (json) => ({ args: [LANE, '1'], transient: { batch: json(requests) } })],
  ['Access:GetBatch', 'south', () => ({ args: [LANE, '0'] })],
  ['Access:ListLanes', 'north', () => ({ args: [] })],
  ['Access:GetEvents', 'trustee', () => ({ args: [LANE, '0'] })],
  ['Access:GetTrusteeCopy', 'north', () => ({ args: [LANE, '0'] })],
];

async function prepared(name: string): Promise<FakePeer> {
  if (name === 'Registry:Initialise') {
    return new FakePeer();
  }
  const peer = await createNetwork(callers);
  await putConsent(peer, callers.trustee, ada, policy);
  const transient = { batch: JSON.stringify(requests) };
  await peer.submit({ as: callers.north, args: ['Access:Record', LANE, '0'], transient });
  return peer;
}

async function simulate(
  peer: FakePeer,
  as: Identity,
  name: string,
  call: { args: string[]; transient?: Record<string, string> },
  clock: number,
  atMs: number,
): Promise<Result> {
  peer.now = clock;
  const { args, transient = {} } = call;
  return peer.evaluate({ as, args: [name, ...args], transient, atMs });
}

test('every transaction of the chaincode is here', () => {
  const { contracts } = new FakePeer().chaincode.metadata;
  const all = ['Registry', 'Consent', 'Access'].flatMap((contract) =>
    (contracts[contract]?.transactions ?? []).map(({ name }) => `${contract}:${name}`),
  );
  expect(TRANSACTIONS.map(([name]) => name).sort()).toEqual(all.sort());
});

test.each(TRANSACTIONS)('%s gives the same bytes on two peers', async (name, who, call) => {
  const [one, other] = [await prepared(name), await prepared(name)];
  const atMs = one.now;
  const first = await simulate(
    one,
    callers[who],
    name,
    call((value) => JSON.stringify(value)),
    atMs - 30_000,
    atMs,
  );
  const second = await simulate(
    other,
    callers[who],
    name,
    call((value) => JSON.stringify(reversed(value), null, 1)),
    atMs + 30_000,
    atMs,
  );
  expect(first.message).toBe('');
  expect(second).toEqual(first);
});

test('a transaction that changes nothing it reads gives the same again on the same peer', async () => {
  const peer = await prepared('Access:Record');
  const call = { args: [LANE, '1'], transient: { batch: JSON.stringify(requests) } };
  const atMs = peer.now;
  const first = await simulate(peer, callers.north, 'Access:Record', call, atMs, atMs);
  expect(await simulate(peer, callers.north, 'Access:Record', call, atMs + 59_000, atMs)).toEqual(first);
});

test('a transaction does not see its own writes: two in flight on one state both start from it', async () => {
  const peer = await prepared('Consent:Put');
  const put = (changeId: string): Promise<Result> =>
    peer.evaluate({
      as: callers.trustee,
      args: ['Consent:Put', ada, '1'],
      transient: { policy: JSON.stringify(policy), changeId: bits128(changeId) },
    });
  const [a, b] = await Promise.all([put('x'), put('y')]);
  expect([a.payload, b.payload]).toEqual(['2', '2']);
  peer.commit(a);
  expect((await put('z')).message).toMatch(/^VERSION_CONFLICT\|/);
});
