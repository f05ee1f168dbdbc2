// SPDX-License-Identifier: Apache-2.0
import type { FakePeer, Result } from './support/fakePeer';
import {
  batch,
  bits128,
  type Callers,
  createCallers,
  createNetwork,
  item,
  LANE,
  request,
  southRequester,
  subjectOf,
} from './support/network';

/** Texts that stand for persons, in every place where a batch or a consent can hold one. */
const PERSONAL = {
  personId: 'urn:oid:1.2.3#ZZPERSONZZ',
  personName: 'Dr. Zenobia Quartermaine',
  personRole: 'zz-cardiac-surgeon',
  reason: 'Found unconscious near Zebulon bridge',
  resourceId: 'zz-observation-4711',
  label: 'https://example.org/labels|zz-rare-disease',
  ruleUser: 'urn:oid:1.2.3#ZZEXHUSBANDZZ',
  ruleId: 'zz-keep-ex-husband-out',
};

let callers: Callers;
let peer: FakePeer;
const results: Result[] = [];
const argumentsGiven: string[] = [];

async function run(as: keyof Callers, args: string[], transient: Record<string, string>): Promise<Result> {
  argumentsGiven.push(...args);
  const result = await peer.evaluate({ as: callers[as], args, transient });
  results.push(result);
  if (result.status === 200) {
    peer.commit(result);
  }
  return result;
}

beforeAll(async () => {
  callers = await createCallers();
  peer = await createNetwork(callers);
  const policy = {
    rules: [
      {
        id: PERSONAL.ruleId,
        effect: 'deny',
        user: PERSONAL.ruleUser,
        labels: [PERSONAL.label],
        holdsInEmergency: true,
      },
    ],
    default: 'deny',
  };
  const put = { policy: JSON.stringify(policy), changeId: bits128('c') };
  await run('trustee', ['Consent:Put', subjectOf('ada'), '0'], put);
  await run('trustee', ['Consent:Put', subjectOf('ada'), '0'], { ...put, changeId: bits128('d') });
  await run('trustee', ['Consent:Put', subjectOf('ada'), '1'], {
    ...put,
    policy: JSON.stringify({ ...policy, [PERSONAL.personName]: 1 }),
  });
  const person = { id: PERSONAL.personId, name: PERSONAL.personName, role: PERSONAL.personRole };
  const asked = request('a', {
    requester: { ...southRequester, person },
    purpose: 'BTG',
    emergency: { reason: PERSONAL.reason },
    items: [item({ labels: [PERSONAL.label], count: 1, ids: [PERSONAL.resourceId] })],
  });
  await run('north', ['Access:Record', LANE, '0'], { batch: JSON.stringify(batch([asked])) });
  await run('north', ['Access:Record', LANE, '0'], { batch: JSON.stringify(batch([asked])) });
  const broken = {
    ...asked,
    subject: PERSONAL.personName,
    items: [{ ...item(), [PERSONAL.reason]: PERSONAL.personId }],
  };
  await run('north', ['Access:Record', LANE, '1'], {
    batch: JSON.stringify({ start: 0, requests: [broken] }),
  });
  await run('north', ['Access:Record', LANE, '1'], { batch: JSON.stringify(batch([asked])).slice(0, -2) });
});

function findings(text: string): string[] {
  return Object.values(PERSONAL).filter((personal) => text.includes(personal));
}
const publicWrites = (): string =>
  results
    .flatMap(({ writes }) => writes)
    .map(({ collection, key, value }) => (collection === '' ? `${key} ${value?.toString() ?? ''}` : ''))
    .join('\n');

test('the story has successes and refusals to look at', () => {
  expect(results.map(({ status }) => status)).toEqual([200, 500, 500, 200, 500, 500, 500]);
});

test('the search finds them where they belong: in private data', () => {
  const kept = peer.collections().map((collection) => peer.entries(collection).join('\n'));
  expect(findings(kept.join('\n')).sort()).toEqual(Object.values(PERSONAL).sort());
});

test.each<[string, () => string]>([
  ['public writes', publicWrites],
  ['public state', () => peer.entries().join('\n')],
  ['arguments', () => argumentsGiven.join('\n')],
  ['events', () => results.map(({ event }) => event?.payload ?? '').join('\n')],
  ['return values', () => results.map(({ payload }) => payload).join('\n')],
  ['error messages', () => results.map(({ message }) => message).join('\n')],
  ['keys of private data', () => results.flatMap(({ writes }) => writes.map(({ key }) => key)).join('\n')],
])('no person in %s', (_, place) => {
  expect(place()).not.toBe('');
  expect(findings(place())).toEqual([]);
});
