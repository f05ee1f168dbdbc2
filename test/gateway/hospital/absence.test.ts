// SPDX-License-Identifier: Apache-2.0
import type { AccessRequest } from '@chartwitness/chaincode/domain';
import pino from 'pino';
import type { Response } from 'supertest';
import {
  type Absence,
  type AccessRecorder,
  createAbsence,
  type Inquiry,
} from '../../../gateway/src/hospital/absence';
import { openOutbox } from '../../../gateway/src/recorder/sqliteOutbox';
import { createRecorder } from '../../../gateway/src/recorder/createRecorder';
import type { Recorder } from '../../../gateway/src/recorder/recorder';
import { accessRequest } from '../../support/accessRequests';
import { observation, patient } from '../fhir/fakeFhirServer';
import { FakeLedger } from '../recorder/support/fakeLedger';
import { createHospital, type Hospital } from './hospitalFixture';
import { pagedSource } from './support/pagedSource';

const LANE = 'NorthHospitalMSP/ward';
const REASON = { 'break-glass-reason': 'unconscious, no allergy list' };
const IDS = ['denied', 'open', 'nobody'] as const;
const records = ['denied', 'open'].flatMap((id, place) => [
  patient(id, String(111 * (place + 1))),
  observation(`o-${id}`, id),
]);

interface Bench {
  readonly ledger: FakeLedger;
  readonly recorder: Recorder;
  readonly hospital: Hospital;
  /** What was asked of the source. */
  readonly calls: string[];
}

/**
 * A hospital with a real recorder on a ledger that can be away; it knows after 50 ms, and refuses after 200.
 */
async function bench(): Promise<Bench> {
  const ledger = new FakeLedger();
  const recorder = await createRecorder({
    ledger,
    lane: LANE,
    outbox: openOutbox(':memory:'),
    emergencyWithoutLedger: 'release',
    log: pino({ level: 'silent' }),
    limits: { awayAfterMs: 50, deadlineMs: 200 },
  });
  recorders.push(recorder);
  const { upstream, calls } = pagedSource(records);
  const hospital = await createHospital({ upstream, ownRecorder: recorder });
  return { ledger, recorder, hospital, calls };
}

const recorders: Recorder[] = [];
afterEach(async () => {
  await Promise.all(recorders.splice(0).map((recorder) => recorder.close()));
});

/** What a caller may compare. */
function told({ status, headers, text }: Response): unknown[] {
  const { 'retry-after': later, 'content-length': length } = headers as Record<string, string>;
  return [
    status,
    later,
    IDS.some((id) => text.includes(id)) || length,
    text.replace(/denied|open|nobody/g, 'x'),
  ];
}

/** An ordinary request finds out that the ledger is away, and is given up. */
async function knownAway(ledger: FakeLedger, hospital: Hospital): Promise<void> {
  ledger.isCutOff = true;
  expect((await hospital.get('Patient/open')).status).toBe(503);
}

async function askAll(hospital: Hospital, path: string): Promise<unknown[][]> {
  return Promise.all(IDS.map(async (id) => told(await hospital.get(path.replaceAll('{id}', id)))));
}

describe.each([
  'Patient/{id}',
  'Observation/o-{id}',
  'Observation?patient={id}',
  'Patient?_id={id}',
  'Patient/{id}/$everything',
])('%s', (path) => {
  test.each(['isCutOff', 'isAway'] as const)(
    'is refused for denied, present and absent alike while nothing can be recorded (%s)',
    async (how) => {
      const { ledger, recorder, hospital, calls } = await bench();
      ledger.decide = ({ items }) => items.every(({ ids }) => !ids.some((id) => id.includes('denied')));
      ledger[how] = true;
      // The lane is idle: nobody knows yet.
      const first = await askAll(hospital, path);
      expect(first[0]?.slice(0, 2)).toEqual([503, '5']);
      expect(first).toEqual(IDS.map(() => first[0]));
      expect(recorder.state().ledgerAway).toBe(true);
      // Now it is known, and the source is not even asked.
      calls.length = 0;
      const known = await askAll(hospital, path);
      expect(known).toEqual(first);
      expect(calls).toEqual([]);
      expect(ledger.events(LANE)).toEqual([]);
    },
  );

  test('is as good as recorded for the absent where it is not certain that the ledger commits', async () => {
    const { ledger, hospital, calls } = await bench();
    const answer = await hospital.get(path.replaceAll('{id}', 'nobody'));
    expect([200, 404]).toContain(answer.status);
    const [event, ...more] = ledger.events(LANE);
    expect(more).toEqual([]);
    expect(event?.items).toMatchObject([{ labels: [], count: 0, ids: [] }]);
    expect(JSON.stringify(event)).not.toContain('nobody');
    // Of nobody: a second such entry has another subject.
    expect(event?.subject).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(calls.length).toBeGreaterThan(0);
  });

  test('says of the absent in an emergency, while the ledger is away, what the own peer would; nothing is left of it', async () => {
    const { ledger, recorder, hospital } = await bench();
    await knownAway(ledger, hospital);
    const ask = async (): Promise<number> =>
      (await hospital.get(path.replaceAll('{id}', 'nobody'), { purpose: 'BTG' }, REASON)).status;
    const [evaluations, attempts] = [ledger.evaluations, ledger.attempts.length];
    expect([200, 404]).toContain(await ask());
    expect(ledger.evaluations).toBeGreaterThan(evaluations);
    ledger.evaluation = { refused: 'SUSPENDED' };
    expect(await ask()).toBe(403);
    ledger.evaluation = 'away';
    expect([200, 404]).toContain(await ask());
    const { owed, lateReleases, emergenciesRefused } = recorder.state();
    expect([owed, lateReleases, emergenciesRefused]).toEqual([
      0,
      { ownPeer: 0, deployment: 0 },
      { slow: 0, away: 0 },
    ]);
    const handedIn = ledger.attempts.slice(attempts).flatMap(({ batch }) => batch.requests);
    expect(handedIn.filter(({ emergency }) => emergency !== null)).toEqual([]);
  });

  test('records an emergency about nobody without what its caller wrote', async () => {
    const { ledger, hospital } = await bench();
    await hospital.get(path.replaceAll('{id}', 'nobody'), { purpose: 'BTG' }, REASON);
    const [event] = ledger.events(LANE);
    expect([event?.purpose, event?.emergency?.reason, event?.late]).toEqual([
      'BTG',
      'nobody was found',
      false,
    ]);
  });
});

test('a read of nothing asks the source as often as a read of something', async () => {
  const { hospital, calls } = await bench();
  await hospital.get('Observation/o-open');
  await hospital.get('Observation/o-nobody');
  expect(calls).toEqual(['Observation/o-open', 'Patient/open', 'Observation/o-nobody', 'Patient/o-nobody']);
});

describe('an absence', () => {
  let now = 0;
  let isCommitting = true;
  let left = { emergency: 15_000, ordinary: 10_000 };
  let rehearsal: () => Promise<{ late: boolean }>;
  let evaluation: () => Promise<readonly boolean[]>;
  const paused: number[] = [];
  const rehearsed: AccessRequest[] = [];
  const asked: AccessRequest[] = [];
  const recorder: AccessRecorder = {
    commitsNow: () => isCommitting,
    timeLeft: (isEmergency, admittedAt) => {
      expect(admittedAt).toBe(inquiry.admittedAt);
      return left[isEmergency ? 'emergency' : 'ordinary'];
    },
    rehearse: (request, admittedAt) => {
      expect(admittedAt).toBe(inquiry.admittedAt);
      rehearsed.push(request);
      return rehearsal();
    },
    evaluate: (request) => {
      asked.push(request);
      return evaluation();
    },
    record: ([part]) => {
      now += part?.items[0]?.count ?? 0;
      return part?.purpose === 'REFUSED'
        ? Promise.reject(new Error('refused'))
        : Promise.resolve([{ permitted: [], late: part?.late === true }]);
    },
  };
  const make = (pick: number, duringPause: () => void = () => undefined): Absence =>
    createAbsence({
      recorder,
      clock: () => now,
      random: (bytes) => new Uint8Array(bytes).fill(pick, 1),
      pause: (milliseconds) => {
        paused.push(milliseconds);
        duringPause();
        return Promise.resolve();
      },
    });
  const inquiry: Inquiry = {
    principal: { requester: accessRequest().requester, purpose: 'TREAT', scope: 'system/*.rs' },
    emergency: { kind: 'none' },
    action: 'read',
    requestedAt: '2026-03-01T08:00:00.000Z',
    admittedAt: 7_000,
  };
  const emergency: Inquiry = {
    ...inquiry,
    emergency: { kind: 'declared', emergency: { reason: 'Mrs Green is unconscious' } },
  };
  beforeEach(() => {
    left = { emergency: 15_000, ordinary: 10_000 };
    isCommitting = true;
    rehearsal = () => Promise.resolve({ late: false });
    evaluation = () => Promise.resolve([true]);
    paused.length = rehearsed.length = asked.length = 0;
  });

  const taking = (milliseconds: number, changes: Partial<AccessRequest> = {}): AccessRequest[] => [
    accessRequest({
      items: [{ type: 'Observation', labels: [], count: milliseconds, ids: [] }],
      ...changes,
    }),
  ];
  const id = (_value: unknown, number: number): string => `observation-${String(number).padStart(24, '0')}`;
  /** After records that took so long. */
  const after = async (absence: Absence, ...records: readonly AccessRequest[][]): Promise<Absence> => {
    for (const record of records) {
      await absence.recorder.record(record).catch(() => undefined);
    }
    return absence;
  };

  test('waits as long as one of the last 64 records took, and records nothing', async () => {
    const drawn = async (pick: number, times: readonly number[]): Promise<number | undefined> => {
      const absence = await after(make(pick), ...times.map((time) => taking(time)));
      await absence.settle('Observation', inquiry);
      return paused.at(-1);
    };
    expect(await drawn(0, [7, 9])).toBe(7);
    expect(await drawn(1, [7, 9])).toBe(9);
    expect(await drawn(255, [7, 9])).toBe(9);
    const many = Array.from({ length: 100 }, (_value, number) => (number + 1) / 100);
    expect(await drawn(0, many)).toBeCloseTo(0.37);
    expect(await drawn(63, many)).toBeCloseTo(1);
    expect(rehearsed).toEqual([]);
  });

  test('is refused as a record would be when its deadline comes before the time that was drawn', async () => {
    const absence = await after(make(0), taking(5_000));
    left = { emergency: 15_000, ordinary: 5_001 };
    await absence.settle('Observation', inquiry);
    expect([paused, rehearsed]).toEqual([[5_000], []]);
    left = { emergency: 15_000, ordinary: 5_000 };
    rehearsal = () => Promise.reject(new Error('not committed in time'));
    await expect(absence.settle('Observation', inquiry)).rejects.toThrow('in time');
    expect([paused.length, rehearsed.length]).toEqual([1, 1]);
  });

  test('is drawn from records of its own client and kind', async () => {
    const { requester } = accessRequest();
    const other = { requester: { ...requester, clientId: 'another' } };
    const absence = await after(
      make(0),
      taking(5, other),
      taking(7, { purpose: 'BTG', emergency: { reason: 'unconscious in the ward' } }),
    );
    await absence.settle('Observation', emergency);
    expect([paused, rehearsed]).toEqual([[7], []]);
    await absence.settle('Observation', { ...inquiry, principal: { ...inquiry.principal, ...other } });
    expect([paused, rehearsed]).toEqual([[7, 5], []]);
    // Nothing is known of this one.
    await absence.settle('Observation', inquiry);
    expect([paused.length, rehearsed.length]).toEqual([2, 1]);
    await absence.settle('Observation', inquiry);
    expect([paused.length, rehearsed.length]).toEqual([3, 1]);
  });

  test('what records took before is no measure: whoever made the ledger slow sets nothing', async () => {
    const absence = await after(make(0), taking(4_000));
    now += 1_999;
    await absence.settle('Observation', inquiry);
    expect([paused, rehearsed.length]).toEqual([[4_000], 0]);
    now += 2_000;
    await absence.settle('Observation', inquiry);
    expect([paused.length, rehearsed.length]).toEqual([1, 1]);
  });

  test('a flood that is over sets nothing: what began beside others measures nothing that begins alone', async () => {
    const absence = make(0);
    // All begin at once; each takes longer than the one before.
    await Promise.all([3, 70, 700, 900].map((time) => absence.recorder.record(taking(time))));
    await absence.settle('Observation', inquiry);
    // The first one began alone.
    expect([paused.every((milliseconds) => milliseconds < 1_700), rehearsed.length]).toEqual([true, 0]);
    const crowded = make(0);
    let end: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      end = resolve;
    });
    rehearsal = async () => {
      await held;
      return { late: false };
    };
    const first = crowded.settle('Observation', inquiry);
    const second = crowded.settle('Observation', inquiry);
    end();
    await Promise.all([first, second]);
    // Each was rehearsed: nothing that had begun beside as many was known.
    expect(rehearsed).toHaveLength(2);
  });

  test.each([
    ['several parts', [...taking(900), ...taking(0), ...taking(0)]],
    [
      'many ids',
      taking(900, {
        items: [{ type: 'Observation', labels: [], count: 900, ids: Array.from({ length: 200 }, id) }],
      }),
    ],
  ])('one large answer of one’s own just before sets nothing (%s)', async (_what, large) => {
    const absence = await after(make(0), large);
    await absence.settle('Observation', inquiry);
    // No record of its own size is known.
    expect([paused, rehearsed.length]).toEqual([[], 1]);
    const known = await after(make(0), taking(5), large, large);
    await known.settle('Observation', inquiry);
    expect([paused, rehearsed.length]).toEqual([[5], 1]);
  });

  test('large ones do not push the small ones out of memory', async () => {
    const large = [...taking(1), ...taking(0)];
    const absence = await after(make(0), taking(5), ...Array.from({ length: 64 }, () => large));
    await absence.settle('Observation', inquiry);
    expect([paused, rehearsed.length]).toEqual([[5], 0]);
  });

  test('what began beside a large answer of several parts began beside many', async () => {
    const absence = make(0);
    await Promise.all([
      absence.recorder.record([...taking(1), ...taking(0), ...taking(0)]),
      absence.recorder.record(taking(900)),
    ]);
    const [held, isHeld] = [
      absence.recorder.record([...taking(0), ...taking(0)]),
      absence.settle('Observation', inquiry),
    ];
    await Promise.all([held, isHeld]);
    // Three parts then, two now: not alike.
    expect([paused, rehearsed.length]).toEqual([[], 1]);
  });

  test('is recorded as often as records are refused, since it is not told how it would go', async () => {
    const absence = await after(make(1), taking(3), taking(9, { purpose: 'REFUSED' }));
    rehearsal = () => Promise.reject(new Error('overloaded'));
    await expect(absence.settle('Observation', inquiry)).rejects.toThrow('overloaded');
    expect(paused).toEqual([]);
  });

  test('does not draw from what was decided without the ledger', async () => {
    const absence = await after(make(0), taking(3, { late: true }));
    await absence.settle('Observation', inquiry);
    expect([paused.length, rehearsed.length]).toEqual([0, 1]);
    rehearsal = () => Promise.resolve({ late: true });
    const other = make(0);
    await other.settle('Observation', emergency);
    await other.settle('Observation', emergency);
    expect([paused.length, rehearsed.length]).toEqual([0, 3]);
  });

  test('is recorded when the ledger may have gone, also while it waited', async () => {
    isCommitting = false;
    await (await after(make(0), taking(3))).settle('Observation', inquiry);
    expect([rehearsed.length, paused.length]).toEqual([1, 0]);
    isCommitting = true;
    const during = await after(
      make(0, () => (isCommitting = false)),
      taking(3),
    );
    await during.settle('Observation', inquiry);
    expect([rehearsed.length, paused.length]).toEqual([2, 1]);
  });

  test('is refused as the recorder refuses, and names neither patient nor reason', async () => {
    rehearsal = () => Promise.reject(new Error('away'));
    await expect(make(0).settle('Observation', emergency)).rejects.toThrow('away');
    expect(rehearsed[0]?.emergency).toEqual({ reason: 'nobody was found' });
    expect(rehearsed[0]?.items).toEqual([{ type: 'Observation', labels: [], count: 0, ids: [] }]);
  });

  test('needs no wait for a type that is never given on its own', async () => {
    await make(0).settle('Organization', inquiry);
    expect([rehearsed, paused]).toEqual([[], []]);
    const problem = 'A reason is missing.';
    await expect(
      make(0).settle('Organization', { ...inquiry, emergency: { kind: 'incomplete', problem } }),
    ).rejects.toMatchObject({ code: 'EMERGENCY_INCOMPLETE' });
  });

  test('a search asks the own peer first only while its last evaluation failed, and never in an emergency', async () => {
    const absence = make(0);
    const search = (kind: Inquiry): Promise<void> => absence.assertForeseen('Observation', kind);
    await search(inquiry);
    expect(asked).toEqual([]);
    evaluation = () => Promise.reject(new Error('behind'));
    await expect(absence.recorder.evaluate(accessRequest())).rejects.toThrow('behind');
    await search(emergency);
    expect(asked).toHaveLength(1);
    await expect(search(inquiry)).rejects.toThrow('behind');
    await expect(search(inquiry)).rejects.toThrow('behind');
    evaluation = () => Promise.resolve([true]);
    await search(inquiry);
    await search(inquiry);
    expect(asked).toHaveLength(4);
  });
});
