// SPDX-License-Identifier: Apache-2.0
import { parseConsentDocument, type PrivateBatch } from '@chartwitness/chaincode/domain';
import population from '../../../../scripts/bench/fabric/seeding/population.cjs';
import { US_IDENTIFIER_SYSTEMS } from '../../../../gateway/src/compose/bootstrap';
import { identifierTable } from '../../../../gateway/src/subjects/networkTable';
import { createPseudonyms } from '../../../../gateway/src/subjects/pseudonyms';
import { FakePeer } from '../../../chaincode/support/fakePeer';
import {
  batch,
  createCallers,
  createNetwork,
  LANE,
  record,
  request,
} from '../../../chaincode/support/network';

const { CONSORTIUM_KEY, IDENTIFIER_SYSTEM, identifierOf, isDenied, storedConsent, subjectOf } = population;
const people = Array.from({ length: 20 }, (_, n) => n);

test('a seeded consent has the stored form, and its subject is who it is stored under', () => {
  const { subject, changeId, bytes } = storedConsent(7);
  const stored = JSON.parse(Buffer.from(bytes).toString('utf8')) as Record<string, unknown>;
  expect(Object.keys(stored).sort()).toEqual(['at', 'changeId', 'document']);
  expect(parseConsentDocument(stored['document'])).toMatchObject({ subject, version: 1 });
  expect(stored['changeId']).toBe(changeId);
});

test('pseudonyms are those that a gateway makes of the patients', () => {
  const table = identifierTable(US_IDENTIFIER_SYSTEMS, Date.now);
  const gateway = createPseudonyms({ table, consortiumKey: CONSORTIUM_KEY });
  for (const n of [0, 3, 9998, 9999, 989_901, 1_000_000]) {
    const identifier = { system: IDENTIFIER_SYSTEM, value: identifierOf(n) };
    expect(gateway.of(identifier)).toBe(subjectOf(n));
    expect(table.normalise(identifier)?.isWellFormed).toBe(true);
  }
});

test('persons have consents and pseudonyms of their own', () => {
  expect(new Set(people.map(subjectOf)).size).toBe(people.length);
  expect(new Set(people.map((n) => storedConsent(n).changeId)).size).toBe(people.length);
});

test('the product’s chaincode reads seeded consents and decides by them: who denies is refused', async () => {
  const callers = await createCallers();
  const peer = await createNetwork(callers, new FakePeer());
  const writes = people.map((n) => {
    const { subject, bytes } = storedConsent(n);
    return { collection: 'consents', key: subject, value: Buffer.from(bytes) };
  });
  peer.commit({ writes });
  const input = batch(people.map((n) => request(String(n), { subject: subjectOf(n) })));
  const result = await record(peer, callers.north, input);
  expect(result.message).toBe('');
  peer.commit(result);
  const { payload } = await peer.evaluate({ as: callers.north, args: ['Access:GetEvents', LANE, '0'] });
  const { events } = JSON.parse(payload) as PrivateBatch;
  expect(events.map(({ outcome }) => outcome)).toEqual(people.map((n) => (isDenied(n) ? 'deny' : 'permit')));
  expect(events.map(({ items }) => items[0]?.basis)).toEqual(
    people.map((n) => ({ kind: 'rule', version: 1, rule: isDenied(n) ? 'not-this-hospital' : 'treatment' })),
  );
});
