// SPDX-License-Identifier: Apache-2.0
/**
 * While the ledger takes no records somebody asks for patients one by one: a refusal would say that the
 * patient is there, a 404 that she is not. Whatever state the recorder is in, a patient who denies everything
 * and one who does not exist get the same status, headers and bytes.
 */
import { isDeepStrictEqual } from 'node:util';
import Database from 'libsql';
import pino from 'pino';
import type { Response } from 'supertest';
import { AppError } from '../../gateway/src/errors';
import type { RecorderLimits } from '../../gateway/src/recorder/limits';
import type { Outbox } from '../../gateway/src/recorder/outbox';
import { createRecorder } from '../../gateway/src/recorder/createRecorder';
import type { EmergencyWithoutLedger, Recorder } from '../../gateway/src/recorder/recorder';
import { outboxOn } from '../../gateway/src/recorder/sqliteOutbox';
import { observation, patient } from '../gateway/fhir/fakeFhirServer';
import { createHospital, type Hospital } from '../gateway/hospital/hospitalFixture';
import { pagedSource } from '../gateway/hospital/support/pagedSource';
import { FakeLedger } from '../gateway/recorder/support/fakeLedger';
import { accessRequest } from '../support/accessRequests';

const LANE = 'NorthHospitalMSP/ward';
const LIMITS = {
  awayAfterMs: 300,
  deadlineMs: 600,
  emergencyWaitMs: 1_000,
  evaluateMs: 300,
  maxAdmitted: 500,
  maxInFlight: 1,
  drainMs: 10,
};
const FULL = 'is full';
const SUSPENDED = 'is suspended by the ledger';
const OTHER_LIMITS: Readonly<Record<string, Partial<RecorderLimits>>> = {
  [FULL]: { maxQueued: 2, awayAfterMs: 60_000, deadlineMs: 60_000, emergencyWaitMs: 60_000 },
  // After a refusal the lane rests: whether a request comes before or after it must not count.
  [SUSPENDED]: { awayAfterMs: 5_000, deadlineMs: 10_000, emergencyWaitMs: 10_000 },
};

/** Of the same length, so that sizes can be compared. */
const DENIED = 'denied';
const ABSENT = 'nobody';
const records = [
  patient(DENIED, '111'),
  ...Array.from({ length: 5 }, (_value, number) => observation(`o-${DENIED}-${String(number)}`, DENIED)),
  patient('open', '222'),
];

const KINDS: readonly (readonly [string, (id: string) => string])[] = [
  ['read of a Patient', (id) => `Patient/${id}`],
  ['read', (id) => `Observation/o-${id}-0`],
  ['read of a type that is never given', (id) => `Organization/${id}`],
  ['search', (id) => `Observation?patient=${id}`],
  ['search of several pages', (id) => `Observation?patient=${id}&_count=1`],
  ['search that matches nothing', (id) => `Condition?patient=${id}&code=x`],
  ['count', (id) => `Observation?patient=${id}&_summary=count`],
  ['search by id', (id) => `Patient?_id=${id}`],
  ['search by number', (id) => `Patient?identifier=http://hl7.org/fhir/sid/us-ssn|${numberOf(id)}`],
  [
    'search by number and more',
    (id) => `Patient?identifier=http://hl7.org/fhir/sid/us-ssn|${numberOf(id)}&birthdate=lt1900-01-01`,
  ],
  ['$everything', (id) => `Patient/${id}/$everything`],
  ['$everything of several pages', (id) => `Patient/${id}/$everything?_count=1`],
];

function numberOf(id: string): string {
  return id === DENIED ? '111' : '999';
}

interface Bench {
  readonly ledger: FakeLedger;
  readonly recorder: Recorder;
  readonly hospital: Hospital;
  /** From now on the disk is full. */
  readonly fillDisk: () => void;
}

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) {
    await cleanup();
  }
});

async function bench(
  ledger: FakeLedger,
  emergencyWithoutLedger: EmergencyWithoutLedger,
  limits: Partial<RecorderLimits>,
): Promise<Bench> {
  ledger.decide = () => false;
  const { outbox, fill } = onSmallDisk(outboxOn(new Database(':memory:')));
  const recorder = await createRecorder({
    ledger,
    lane: LANE,
    outbox,
    emergencyWithoutLedger,
    log: pino({ level: 'silent' }),
    limits: { ...LIMITS, ...limits },
  });
  cleanups.push(async () => {
    ledger.releaseHeld();
    await recorder.close();
  });
  const hospital = await createHospital({
    upstream: pagedSource(records).upstream,
    emergencyWithoutLedger,
    ownRecorder: recorder,
  });
  return { ledger, recorder, hospital, fillDisk: fill };
}

function onSmallDisk(outbox: Outbox): { outbox: Outbox; fill: () => void } {
  let isFull = false;
  const write: Outbox['write'] = (change) => {
    if (isFull) {
      throw Object.assign(new Error('disk full'), { code: 'SQLITE_FULL' });
    }
    outbox.write(change);
  };
  const fill = (): void => {
    isFull = true;
  };
  return {
    outbox: new Proxy(outbox, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        return name === 'write'
          ? write
          : typeof value === 'function'
            ? (value.bind(target) as unknown)
            : value;
      },
    }),
    fill,
  };
}

/** A request of another patient, which brings the recorder to notice what state it is in; refused or not. */
async function notice({ recorder }: Pick<Bench, 'recorder'>): Promise<void> {
  await recorder.record([accessRequest()]).catch((error: unknown) => {
    expect(error).toBeInstanceOf(AppError);
  });
}

/** How the recorder comes into each state. */
const STATES: Readonly<Record<string, (bench: Bench) => Promise<unknown> | undefined>> = {
  'has just committed': async ({ hospital }) => {
    await hospital.get('Patient/open');
    await hospital.get('Patient/open', EMERGENCY, REASON);
  },
  'is idle': () => undefined,
  'is cut off from the others, and does not know yet': ({ ledger }) => {
    ledger.isCutOff = true;
  },
  'has lost its own peer, and does not know yet': ({ ledger }) => {
    ledger.isAway = true;
  },
  'knows that it is cut off': async (at) => {
    at.ledger.isCutOff = true;
    await notice(at);
  },
  'knows that its own peer is away': async (at) => {
    at.ledger.isAway = true;
    await notice(at);
  },
  'is cut off, and the own peer is silent': async (at) => {
    at.ledger.isCutOff = true;
    at.ledger.evaluation = 'silent';
    await notice(at);
  },
  'is cut off, and the own peer says that the organisation is suspended': async (at) => {
    at.ledger.isCutOff = true;
    at.ledger.evaluation = { refused: 'SUSPENDED' };
    await notice(at);
  },
  [SUSPENDED]: ({ ledger }) => {
    ledger.faults = Array.from({ length: 1000 }, () => ({ kind: 'refused', code: 'SUSPENDED' }) as const);
    ledger.evaluation = { refused: 'SUSPENDED' };
  },
  'is fenced': async (at) => {
    at.ledger.put(LANE, 0, { start: 0, requests: [accessRequest({ id: 'x'.repeat(22) })] });
    await notice(at);
    expect(at.recorder.state().phase).toBe('fenced');
  },
  'cannot write its store': ({ fillDisk }) => {
    fillDisk();
  },
  'is slow beyond every deadline': ({ ledger }) => {
    ledger.faults = Array.from({ length: 1000 }, () => ({ kind: 'conflict' }) as const);
  },
  [FULL]: ({ ledger, recorder }) => {
    ledger.faults = [{ kind: 'held' }, { kind: 'held' }, { kind: 'held' }];
    for (let number = 0; number < 8; number += 1) {
      const emergency = { purpose: 'BTG', emergency: { reason: 'unconscious in the ward' } };
      for (const changes of [{}, emergency]) {
        void recorder.record([accessRequest(changes)]).catch(() => undefined);
      }
    }
  },
  'has given all places away': ({ recorder }) => {
    const places = [true, false].flatMap((isEmergency) =>
      Array.from({ length: isEmergency ? 200 : 250 }, () => recorder.admit('north-ehr', isEmergency)),
    );
    cleanups.push(() => {
      places.forEach((place) => {
        place.release();
      });
    });
  },
  'gets no foresight of the own peer, though the ledger commits': async (at) => {
    at.ledger.evaluation = 'away';
    await at.hospital.get('Observation?patient=denied&_count=1');
  },
  'is being closed': async ({ recorder }) => {
    await recorder.close();
  },
};

const EMERGENCY = { purpose: 'BTG' };
const REASON = { 'break-glass-reason': 'unconscious, no allergy list' };
const WAYS: readonly (readonly [string, EmergencyWithoutLedger, object, Record<string, string>])[] = [
  ['ordinarily', 'refuse', {}, {}],
  ['in an emergency without its reason', 'refuse', EMERGENCY, {}],
  ['in an emergency that would be refused without the ledger', 'refuse', EMERGENCY, REASON],
  ['in an emergency that would be released without the ledger', 'release', EMERGENCY, REASON],
];

/** Whatever a caller may compare. */
function told(response: Response, id: string): Record<string, unknown> {
  const headers = Object.entries(response.headers as Record<string, string>).filter(
    ([name]) => name !== 'x-request-id' && name !== 'date',
  );
  return {
    status: response.status,
    headers: Object.fromEntries(headers),
    body: response.text.replaceAll(id, 'id').replaceAll(numberOf(id), 'number'),
  };
}

describe.each(Object.entries(STATES))('while the recorder %s', (state, enter) => {
  test.each(WAYS)('%s the denied and the absent look alike (%s)', async (_way, choice, errand, headers) => {
    const at = await bench(new FakeLedger(), choice, OTHER_LIMITS[state] ?? {});
    await enter(at);
    const seen = await Promise.all(
      KINDS.map(async ([kind, pathOf]) => {
        const ask = async (id: string): Promise<unknown> =>
          told(await at.hospital.get(pathOf(id), errand, headers), id);
        const [denied, absent] = await Promise.all([ask(DENIED), ask(ABSENT)]);
        return { kind, denied, absent };
      }),
    );
    const released =
      choice === 'release' &&
      (state.includes('own peer is silent') || /own peer( is away|, and does not)/.test(state));
    if (released) {
      return;
    }
    expect(seen.filter(({ denied, absent }) => !isDeepStrictEqual(denied, absent))).toEqual([]);
  });
});
