// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import {
  type AccessEvent,
  type BatchInput,
  batchRecordOf,
  canonicalJson,
  decodePermitted,
  type Digest,
  inclusionProof,
  leafHash,
  MAX_BATCH_BYTES,
  type PrivateBatch,
  decodeBase64url,
  verifyInclusion,
} from '@chartwitness/chaincode/domain';
import type { FakePeer, Result } from '../support/fakePeer';
import type { Identity } from '../support/identities';
import {
  batch,
  type Callers,
  clientOf,
  createCallers,
  createNetwork,
  item,
  LANE,
  putConsent,
  record,
  request,
  southRequester,
  subjectOf,
} from '../support/network';

const sha256: Digest = (data) => new Uint8Array(createHash('sha256').update(data).digest());
const HOLDERS = '_implicit_org_NorthHospitalMSP';
const TRUSTEES = '_implicit_org_TrusteeMSP';

let callers: Callers;
let peer: FakePeer;
beforeAll(async () => {
  callers = await createCallers();
});
beforeEach(async () => {
  peer = await createNetwork(callers);
});

async function refused(result: Promise<Result>, code: string): Promise<Result> {
  const { status, message, writes, event, payload } = await result;
  expect(message.split('|')[0]).toBe(code);
  expect(status).toBe(500);
  expect(writes).toEqual([]);
  expect(event).toBeUndefined();
  expect(payload).toBe('');
  return result;
}
async function recorded(
  input: BatchInput,
  seq = '0',
): Promise<{ result: Result; events: readonly AccessEvent[] }> {
  const result = await record(peer, callers.north, input, { seq });
  expect(result.message).toBe('');
  peer.commit(result);
  return {
    result,
    events: (JSON.parse((await getEvents(callers.north, LANE, seq)).payload) as PrivateBatch).events,
  };
}
const getEvents = (as: Identity, lane = LANE, seq = '0'): Promise<Result> =>
  peer.evaluate({ as, args: ['Access:GetEvents', lane, seq] });
const getBatch = (as: Identity, lane = LANE, seq = '0'): Promise<Result> =>
  peer.evaluate({ as, args: ['Access:GetBatch', lane, seq] });

describe('Record', () => {
  const items = [
    item(),
    item({ type: 'Condition', labels: ['PSY'] }),
    item({ type: 'Encounter', count: 0, ids: [] }),
  ];

  test('decides, writes the same private batch to both sides, one public record and one event', async () => {
    await putConsent(peer, callers.trustee, subjectOf('ada'), {
      rules: [
        { id: 'psy', effect: 'deny', labels: ['PSY'] },
        { id: 'rest', effect: 'permit' },
      ],
      default: 'deny',
    });
    const input = batch(
      [request('a', { items }), request('b', { subject: subjectOf('bob'), requester: southRequester })],
      41,
    );
    const { result, events } = await recorded(input);
    expect(decodePermitted(result.payload, [3, 1])).toEqual([[true, false, true], [false]]);
    expect(events.map(({ outcome, holder, at }) => [outcome, holder, at])).toEqual([
      ['partial', 'NorthHospitalMSP', '2026-11-23T09:30:00.000Z'],
      ['deny', 'NorthHospitalMSP', '2026-11-23T09:30:00.000Z'],
    ]);
    expect(events[0]?.items.map(({ basis }) => basis)).toEqual([
      { kind: 'rule', version: 1, rule: 'rest' },
      { kind: 'rule', version: 1, rule: 'psy' },
      { kind: 'rule', version: 1, rule: 'rest' },
    ]);
    expect(events[1]?.items[0]?.basis).toEqual({ kind: 'networkDefault' });

    const key = ['', 'batch', LANE, '000000000000', ''].join('\0');
    expect(result.writes.map((write) => [write.collection, write.key])).toEqual([
      [HOLDERS, key],
      [TRUSTEES, key],
      ['', key],
      ['', ['', 'laneOf', 'NorthHospitalMSP', LANE, ''].join('\0')],
    ]);
    expect(peer.read(key, HOLDERS)).toBe(canonicalJson({ start: 41, events }));
    expect(peer.read(key, TRUSTEES)).toBe(peer.read(key, HOLDERS));
    const expected = batchRecordOf({ start: 41, events }, sha256);
    expect(peer.read(key)).toBe(canonicalJson(expected));
    expect(result.event?.name).toBe('AccessRecorded');
    expect(result.event?.payload).toBe(
      canonicalJson({ lane: LANE, seq: 0, count: 2, batchRoot: expected.batchRoot }),
    );
  });

  test('gives every event a path to the public root', async () => {
    const { events } = await recorded(batch(Array.from({ length: 13 }, (_, i) => request(`r${i}`))));
    const { batchRoot } = JSON.parse((await getBatch(callers.stranger)).payload) as { batchRoot: string };
    const leaves = events.map((event) => leafHash(event, sha256));
    events.forEach((event, index) => {
      const path = inclusionProof(leaves, index, sha256);
      const claim = {
        leafHash: leafHash(event, sha256),
        index,
        size: 13,
        root: decodeBase64url(batchRoot),
        path,
      };
      expect(verifyInclusion(claim, sha256)).toBe(true);
      const forged = { ...claim, leafHash: leafHash({ ...event, purpose: 'HRESCH' }, sha256) };
      expect(verifyInclusion(forged, sha256)).toBe(false);
    });
  });

  test('reads each key once, and only settings, takers of part, consents and its own batch', async () => {
    const requests = [
      ...[0, 1, 2].map((i) => request(`a${i}`)),
      ...[0, 1].map((i) => request(`b${i}`, { subject: subjectOf('bob'), requester: southRequester })),
    ];
    const { reads, ranges } = await record(peer, callers.north, batch(requests), { seq: '7' });
    const places = reads.map(
      ({ collection, key }) => `${collection}:${key.split('\0').filter(Boolean).join('~')}`,
    );
    expect(places.sort()).toEqual(
      [
        ':settings',
        ':organisation~NorthHospitalMSP',
        ':organisation~SouthClinicMSP',
        ':client~north-ehr',
        ':client~south-ehr',
        `:batch~${LANE}~000000000007`,
        `consents:${subjectOf('ada')}`,
        `consents:${subjectOf('bob')}`,
      ].sort(),
    );
    expect(ranges).toEqual([]);
  });

  test('obeys a changed consent in the very next batch', async () => {
    const permit = { rules: [], default: 'permit' };
    const asked = (name: string): BatchInput => batch([request(name, { requester: southRequester })]);
    expect((await recorded(asked('a'), '0')).events[0]?.outcome).toBe('deny');
    await putConsent(peer, callers.trustee, subjectOf('ada'), permit);
    expect((await recorded(asked('b'), '1')).events[0]?.outcome).toBe('permit');
    await putConsent(peer, callers.trustee, subjectOf('ada'), { rules: [], default: 'deny' }, 1);
    const last = (await recorded(asked('c'), '2')).events[0];
    expect(last?.outcome).toBe('deny');
    expect(last?.items[0]?.basis).toEqual({ kind: 'default', version: 2 });
  });

  test('decides break-glass, its limits and its missing parts', async () => {
    const emergency = { reason: 'unconscious on arrival' };
    await putConsent(peer, callers.trustee, subjectOf('ada'), {
      rules: [
        { id: 'psy', effect: 'deny', labels: ['PSY'], holdsInEmergency: true },
        { id: 'all', effect: 'deny' },
      ],
      default: 'deny',
    });
    const asked = { purpose: 'BTG', items, requester: southRequester };
    const { events } = await recorded(
      batch([
        request('a', {
          ...asked,
          emergency,
          late: true,
          lateBasis: 'deployment',
          items: items.map((one, i) => ({ ...one, released: i > 0 })),
        }),
        request('b', asked),
        request('c', { ...asked, emergency, requester: { ...southRequester, person: null } }),
        request('d', { ...asked, purpose: 'TREAT' }),
      ]),
    );
    expect(events.map(({ outcome }) => outcome)).toEqual(['partial', 'deny', 'deny', 'deny']);
    expect(events[0]?.late).toBe(true);
    expect(events[0]?.items.map(({ basis }) => basis)).toEqual([
      { kind: 'emergency', version: 1, rule: 'all' },
      { kind: 'rule', version: 1, rule: 'psy' },
      { kind: 'emergency', version: 1, rule: 'all' },
    ]);
    for (const event of events.slice(1, 3)) {
      expect(event.items[0]?.basis).toEqual({ kind: 'refused', reason: 'emergencyIncomplete' });
    }
  });

  describe('refuses the requester, and records that', () => {
    const basisOf = async (requester: object): Promise<unknown> => {
      await putConsent(peer, callers.trustee, subjectOf('ada'), { rules: [], default: 'permit' });
      const { result, events } = await recorded(
        batch([request('a', { requester: { ...southRequester, ...requester } })]),
      );
      expect(decodePermitted(result.payload, [1])).toEqual([[events[0]?.outcome === 'permit']]);
      return events[0]?.items[0]?.basis;
    };
    const refusedFor = (reason: string): object => ({ kind: 'refused', reason });

    test('in good standing: not', async () => {
      expect(await basisOf({})).toEqual({ kind: 'default', version: 1 });
    });
    test('organisation unknown', async () => {
      expect(await basisOf({ org: 'StrangerMSP' })).toEqual(refusedFor('organisationUnknown'));
    });
    test('organisation suspended', async () => {
      await peer.submit({
        as: callers.trustee,
        args: ['Registry:SetOrganisationStatus', 'SouthClinicMSP', 'suspended'],
      });
      expect(await basisOf({})).toEqual(refusedFor('organisationSuspended'));
    });
    test('client unknown', async () => {
      expect(await basisOf({ clientId: 'nobody' })).toEqual(refusedFor('clientUnknown'));
    });
    test('client of another organisation', async () => {
      expect(await basisOf({ clientId: 'north-ehr' })).toEqual(refusedFor('clientUnknown'));
    });
    test('client suspended', async () => {
      await peer.submit({ as: callers.south, args: ['Registry:SetClientStatus', 'south-ehr', 'suspended'] });
      expect(await basisOf({})).toEqual(refusedFor('clientSuspended'));
    });
    test('one client of several suspended: only that one', async () => {
      await peer.submit({
        as: callers.south,
        args: ['Registry:PutClient', JSON.stringify(clientOf('south-2'))],
      });
      await peer.submit({ as: callers.south, args: ['Registry:SetClientStatus', 'south-2', 'suspended'] });
      expect(await basisOf({})).toEqual({ kind: 'default', version: 1 });
    });
  });

  test('refuses callers that are no active holder', async () => {
    const input = batch([request('a')]);
    await refused(record(peer, callers.stranger, input, { lane: 'StrangerMSP/main' }), 'NOT_ALLOWED');
    await refused(record(peer, callers.northWithoutRole, input), 'NOT_ALLOWED');
    await refused(record(peer, callers.northAsTrustee, input), 'NOT_ALLOWED');
    await refused(record(peer, callers.trustee, input, { lane: 'TrusteeMSP/main' }), 'NOT_ALLOWED');
    await peer.submit({
      as: callers.trustee,
      args: ['Registry:SetOrganisationStatus', 'NorthHospitalMSP', 'suspended'],
    });
    await refused(record(peer, callers.north, input), 'SUSPENDED');
  });

  test('refuses another’s lane, and says nothing of what is in it', async () => {
    const input = batch([request('a')]);
    await refused(record(peer, callers.south, input), 'NOT_ALLOWED');
    await refused(record(peer, callers.trustee, input), 'NOT_ALLOWED');
    await recorded(input);
    const { reads } = await refused(record(peer, callers.south, input), 'NOT_ALLOWED');
    expect(reads.map(({ key }) => key).join()).not.toContain('batch');
  });

  test('refuses a seq that exists, whatever the batch', async () => {
    await recorded(batch([request('a')]));
    const before = peer.entries();
    await refused(record(peer, callers.north, batch([request('a')])), 'BATCH_EXISTS');
    await refused(record(peer, callers.north, batch([request('b')])), 'BATCH_EXISTS');
    expect(peer.entries()).toEqual(before);
    expect((await record(peer, callers.north, batch([request('b')]), { seq: '1' })).status).toBe(200);
    expect(
      (await record(peer, callers.north, batch([request('b')]), { lane: 'NorthHospitalMSP/second' })).status,
    ).toBe(200);
  });

  test.each([
    ['60 s early', -60_000, ''],
    ['60 s late', 60_000, ''],
    ['too early', -60_001, 'TIME_OUT_OF_RANGE'],
    ['too late', 60_001, 'TIME_OUT_OF_RANGE'],
    ['an hour late', 3_600_000, 'TIME_OUT_OF_RANGE'],
  ])('its time %s', async (_, difference, code) => {
    const result = record(peer, callers.north, batch([request('a')]), { atMs: peer.now + difference });
    if (code === '') {
      expect((await result).status).toBe(200);
    } else {
      await refused(result, code);
    }
  });

  test.each<[string, { lane?: string; seq?: string }, string]>([
    ['a lane without a name', { lane: 'NorthHospitalMSP' }, 'INVALID_INPUT'],
    ['a lane with a strange name', { lane: 'NorthHospitalMSP/Main!' }, 'INVALID_INPUT'],
    ['no lane', { lane: '' }, 'INVALID_INPUT'],
    ['a seq in hexadecimal', { seq: '0x10' }, 'INVALID_INPUT'],
    ['no seq', { seq: '' }, 'INVALID_INPUT'],
    ['a seq of 13 digits', { seq: '1000000000000' }, 'INVALID_INPUT'],
  ])('refuses %s', async (_, place, code) => {
    await refused(record(peer, callers.north, batch([request('a')]), place), code);
  });

  test.each<[string, unknown]>([
    ['text that is not JSON', '{"start":0,"requests":[{"name":"Ada Lovelace"'],
    ['an empty batch', batch([])],
    ['more than 1,000 requests', batch(Array.from({ length: 1001 }, (_, i) => request(`r${i}`)))],
    ['two requests of one id', batch([request('a'), request('a')])],
    ['an unknown field', { ...batch([request('a')]), holder: 'SouthClinicMSP' }],
    ['a request with a decision', { start: 0, requests: [{ ...request('a'), outcome: 'permit' }] }],
    [
      'a patient’s name for a subject',
      { start: 0, requests: [{ ...request('a'), subject: 'Ada Lovelace' }] },
    ],
    ['a request without a salt', { start: 0, requests: [{ ...request('a'), salt: '' }] }],
  ])('refuses %s, and repeats none of it', async (_, input) => {
    const { message } = await refused(record(peer, callers.north, input), 'INVALID_INPUT');
    expect(message).not.toMatch(/Ada|Lovelace|SouthClinic/);
  });

  test('takes 1,000 requests', async () => {
    const input = batch(Array.from({ length: 1000 }, (_, i) => request(`r${i}`)));
    const { result, events } = await recorded(input);
    expect(events).toHaveLength(1000);
    expect(
      decodePermitted(
        result.payload,
        events.map(() => 1),
      ).flat(),
    ).toEqual(events.map(() => true));
  });

  test('takes 1 MiB and not a byte more', async () => {
    const text = JSON.stringify(batch([request('a')]));
    const exact = text + ' '.repeat(MAX_BATCH_BYTES - Buffer.byteLength(text));
    expect((await record(peer, callers.north, exact)).status).toBe(200);
    await refused(record(peer, callers.north, `${exact} `), 'INVALID_INPUT');
  });

  test('refuses without a batch beside it', async () => {
    await refused(peer.evaluate({ as: callers.north, args: ['Access:Record', LANE, '0'] }), 'INVALID_INPUT');
  });

  test('does not decide by a consent that lost its form', async () => {
    peer.commit({ writes: [{ collection: 'consents', key: subjectOf('ada'), value: Buffer.from('{}') }] });
    await refused(record(peer, callers.north, batch([request('a')])), 'CORRUPT');
  });
});

describe('GetBatch', () => {
  test('is open to every caller', async () => {
    await recorded(batch([request('a')], 9));
    for (const as of [callers.trustee, callers.south, callers.stranger]) {
      expect(JSON.parse((await getBatch(as)).payload)).toMatchObject({ start: 9, count: 1 });
    }
    await refused(getBatch(callers.north, LANE, '1'), 'NOT_FOUND');
    await refused(getBatch(callers.north, 'main', '0'), 'INVALID_INPUT');
    await refused(getBatch(callers.north, LANE, '00'), 'INVALID_INPUT');
  });
});

describe('GetEvents', () => {
  test('is the lane’s holder’s and the trustee’s, each from its own collection', async () => {
    await recorded(batch([request('a')]));
    const [own, trustees] = [await getEvents(callers.north), await getEvents(callers.trustee)];
    expect(own.payload).toBe(trustees.payload);
    const collectionsOf = ({ reads }: Result): string[] =>
      reads.map(({ collection }) => collection).filter(Boolean);
    expect(collectionsOf(own)).toEqual([HOLDERS]);
    expect(collectionsOf(trustees)).toEqual([TRUSTEES]);
  });

  test('is nobody else’s, though a peer would answer', async () => {
    await recorded(batch([request('a')]));
    for (const as of [
      callers.south,
      callers.stranger,
      callers.northWithoutRole,
      callers.northAsTrustee,
      callers.trusteeAsHolder,
    ]) {
      const { reads } = await refused(getEvents(as), 'NOT_ALLOWED');
      expect(reads.filter(({ collection }) => collection !== '')).toEqual([]);
    }
    await peer.submit({
      as: callers.trustee,
      args: ['Registry:SetOrganisationStatus', 'NorthHospitalMSP', 'suspended'],
    });
    await refused(getEvents(callers.north), 'SUSPENDED');
    expect((await getEvents(callers.trustee)).status).toBe(200);
  });

  test('knows no batch that is not there', async () => {
    await refused(getEvents(callers.north), 'NOT_FOUND');
    await refused(getEvents(callers.trustee, 'SouthClinicMSP/main', '3'), 'NOT_FOUND');
    await refused(getEvents(callers.north, LANE, 'x'), 'INVALID_INPUT');
  });
});

describe('ListLanes', () => {
  const lanes = async (as: Identity): Promise<unknown> =>
    JSON.parse((await peer.evaluate({ as, args: ['Access:ListLanes'] })).payload);

  test('names the caller’s own lanes in order, whichever of the first eight batches came first, and nobody else’s', async () => {
    expect(await lanes(callers.north)).toEqual([]);
    for (const [lane, seq] of [
      ['NorthHospitalMSP/ward', '7'],
      ['NorthHospitalMSP/main10', '0'],
      [LANE, '0'],
      [LANE, '1'],
    ] as const) {
      const result = await record(peer, callers.north, batch([request('a')]), { lane, seq });
      expect(result.message).toBe('');
      peer.commit(result);
    }
    expect(await lanes(callers.north)).toEqual(
      [LANE, 'NorthHospitalMSP/main10', 'NorthHospitalMSP/ward'].sort(),
    );
    expect(await lanes(callers.south)).toEqual([]);
    expect(await lanes(callers.trustee)).toEqual([]);
  });

  test('later batches write no name again', async () => {
    const { result } = await recorded(batch([request('a')]), '8');
    expect(result.writes.map(({ key }) => key).filter((key) => key.includes('laneOf'))).toEqual([]);
  });
});

describe('GetTrusteeCopy', () => {
  const getCopy = (as: Identity, lane = LANE, seq = '0'): Promise<Result> =>
    peer.evaluate({ as, args: ['Access:GetTrusteeCopy', lane, seq] });

  test('gives the lane’s holder its own events, from the trustee’s collection', async () => {
    await recorded(batch([request('a')]));
    const copy = await getCopy(callers.north);
    expect(copy.payload).toBe((await getEvents(callers.north)).payload);
    expect(copy.reads.map(({ collection }) => collection).filter(Boolean)).toEqual([TRUSTEES]);
  });

  test('is nobody else’s, not even the trustee’s', async () => {
    await recorded(batch([request('a')]));
    for (const as of [
      callers.trustee,
      callers.south,
      callers.stranger,
      callers.northWithoutRole,
      callers.northAsTrustee,
      callers.trusteeAsHolder,
    ]) {
      const { reads } = await refused(getCopy(as), 'NOT_ALLOWED');
      expect(reads.filter(({ collection }) => collection !== '')).toEqual([]);
    }
    await peer.submit({
      as: callers.trustee,
      args: ['Registry:SetOrganisationStatus', 'NorthHospitalMSP', 'suspended'],
    });
    await refused(getCopy(callers.north), 'SUSPENDED');
  });

  test('knows no batch that is not there', async () => {
    await refused(getCopy(callers.north), 'NOT_FOUND');
    await refused(getCopy(callers.north, LANE, 'x'), 'INVALID_INPUT');
  });
});
