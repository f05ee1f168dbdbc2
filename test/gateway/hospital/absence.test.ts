// SPDX-License-Identifier: Apache-2.0
import type { AccessRequest } from '@chartwitness/chaincode/domain';
import pino from 'pino';
import type { Response } from 'supertest';
import { type Absence, type AccessRecorder, createAbsence } from '../../../gateway/src/hospital/absence';
import { openOutbox } from '../../../gateway/src/recorder/outbox';
import { createRecorder, type Recorder } from '../../../gateway/src/recorder/recorder';
import { accessRequest } from '../../support/accessRequests';
import { observation, patient } from '../fhir/fakeFhirServer';
import { FakeLedger } from '../recorder/support/fakeLedger';
import type { Errand } from '../../../gateway/src/hospital/recordAccess';
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

/** A hospital with a real recorder on a ledger that can be away; it knows after 50 ms, and refuses after 200. */
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

  test('says of the absent in an emergency at once that there is nothing, whatever the ledger does', async () => {
    const { ledger, hospital } = await bench();
    ledger.isAway = true;
    const answer = await hospital.get(path.replaceAll('{id}', 'nobody'), { purpose: 'BTG' }, REASON);
    expect([200, 404]).toContain(answer.status);
    expect(ledger.attempts).toEqual([]);
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
  const paused: number[] = [];
  const recorded: AccessRequest[] = [];
  const recorder: AccessRecorder = {
    commitsNow: () => isCommitting,
    evaluate: () => Promise.resolve([]),
    record: (parts) => {
      recorded.push(...parts);
      now += parts[0]?.items[0]?.count ?? 0;
      return Promise.resolve([]);
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
  const errandAbout = (subject: string): Errand => ({
    subject,
    principal: { requester: accessRequest().requester, purpose: 'TREAT', scope: 'system/*.rs' },
    emergency: { kind: 'none' },
    action: 'read',
    requestedAt: '2026-03-01T08:00:00.000Z',
  });
  beforeEach(() => {
    isCommitting = true;
    paused.length = recorded.length = 0;
  });

  const taking = (milliseconds: number): AccessRequest[] => [
    accessRequest({ items: [{ type: 'Observation', labels: [], count: milliseconds, ids: [] }] }),
  ];

  test('waits as long as one of the last 64 records took, and records nothing', async () => {
    const drawn = async (pick: number, times: readonly number[]): Promise<number | undefined> => {
      const absence = make(pick);
      for (const time of times) {
        await absence.recorder.record(taking(time));
      }
      recorded.length = 0;
      await absence.settle('Observation', errandAbout);
      expect(recorded).toEqual([]);
      return paused.at(-1);
    };
    expect(await drawn(0, [])).toBe(0);
    expect(await drawn(0, [7, 9])).toBe(7);
    expect(await drawn(1, [7, 9])).toBe(9);
    expect(await drawn(255, [7, 9])).toBe(9);
    const many = Array.from({ length: 100 }, (_value, number) => number + 1);
    expect(await drawn(0, many)).toBe(37);
    expect(await drawn(63, many)).toBe(100);
  });

  test('is recorded when the ledger may have gone, also while it waited', async () => {
    isCommitting = false;
    await make(0).settle('Observation', errandAbout);
    expect([recorded.length, paused.length]).toEqual([1, 0]);
    isCommitting = true;
    await make(0, () => (isCommitting = false)).settle('Observation', errandAbout);
    expect([recorded.length, paused.length]).toEqual([2, 1]);
  });

  test('is refused as the recorder refuses', async () => {
    isCommitting = false;
    const absence = createAbsence({
      recorder: { ...recorder, record: () => Promise.reject(new Error('away')) },
      clock: () => now,
      random: (bytes) => new Uint8Array(bytes),
      pause: () => Promise.resolve(),
    });
    await expect(absence.settle('Observation', errandAbout)).rejects.toThrow('away');
  });
});
