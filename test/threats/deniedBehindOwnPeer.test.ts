// SPDX-License-Identifier: Apache-2.0
/**
 * A patient has denied emergencies under one of her numbers, and the block that says so has not reached the
 * hospital's own peer. What is asked under a further number rests on that peer alone, so its old permission
 * must open nothing.
 */
import Database from 'libsql';
import pino from 'pino';
import { US_IDENTIFIER_SYSTEMS } from '../../gateway/src/compose/bootstrap';
import { hospitalOf } from '../../gateway/src/fhir/sources/sampleHospital';
import { createRecorder } from '../../gateway/src/recorder/createRecorder';
import type { EmergencyWithoutLedger, Recorder } from '../../gateway/src/recorder/recorder';
import { outboxOn } from '../../gateway/src/recorder/sqliteOutbox';
import { observation, patient, SSN } from '../gateway/fhir/fakeFhirServer';
import { createHospital } from '../gateway/hospital/hospitalFixture';
import { FakeLedger } from '../gateway/recorder/support/fakeLedger';

jest.setTimeout(60_000);

const NUMBER = { system: SSN, value: '999-61-3984' };
/** Of a system before the number's in the network's order. */
const EARLIER = { system: 'http://registry.example.org/insured', value: 'K 17' };
const REPLACED = { link: [{ other: { reference: 'Patient/open' }, type: 'replaced-by' }] };
const RECORDS = [
  patient('open', '999-11-1111'),
  patient('closed', NUMBER.value),
  patient('merged', '', { identifier: [NUMBER], ...REPLACED }),
  observation('of-merged', 'merged'),
  patient('former', '', { identifier: [{ ...NUMBER, use: 'old' }] }),
  observation('of-former', 'former'),
  patient('two', '', { identifier: [NUMBER, { system: SSN, value: '999-22-2222' }] }),
  observation('of-two', 'two'),
  patient('beside', '', { identifier: [EARLIER, NUMBER] }),
  observation('of-beside', 'beside'),
];
const pathsTo = (id: string): readonly string[] => [`Patient/${id}`, `Observation/of-${id}`];
const PATHS = ['merged', 'former', 'two'].flatMap(pathsTo);
const BTG = { 'break-glass-reason': 'unconscious after a fall' };

let recorder: Recorder | undefined;
afterEach(async () => {
  await recorder?.close();
});

async function start(emergencyWithoutLedger: EmergencyWithoutLedger) {
  const ledger = new FakeLedger();
  recorder = await createRecorder({
    ledger,
    lane: 'NorthHospitalMSP/ward',
    outbox: outboxOn(new Database(':memory:')),
    emergencyWithoutLedger,
    log: pino({ level: 'silent' }),
    limits: {
      awayAfterMs: 300,
      deadlineMs: 1_000,
      readingMs: 1_000,
      emergencyWaitMs: 3_000,
      evaluateMs: 300,
      drainMs: 10,
    },
  });
  const hospital = await createHospital({
    upstream: hospitalOf(RECORDS),
    settings: {
      identifierSystems: [{ system: EARLIER.system, aliases: [], form: 'text' }, ...US_IDENTIFIER_SYSTEMS],
    },
    emergencyWithoutLedger,
    ownRecorder: recorder,
  });
  const statusOf = async (path: string): Promise<number> =>
    (await hospital.get(path, { purpose: 'BTG' }, BTG)).status;
  // Which subject is hers is seen at an access of the record that has no other number.
  const seen: string[] = [];
  ledger.decide = ({ subject }) => {
    seen.push(subject);
    return true;
  };
  expect(await statusOf('Patient/closed')).toBe(200);
  const [denied] = seen;
  ledger.decide = ({ subject }) => subject !== denied;
  return { ledger, statusOf, recorder };
}

describe.each(['release', 'refuse'] as const)('without the ledger: %s', (choice) => {
  test('an own peer that lacks her denial passes it under no further number', async () => {
    const { ledger, statusOf, recorder: running } = await start(choice);
    ledger.evaluate = () => true;
    ledger.knownBlocks = 8n;
    ledger.ownBlocks = 7n;
    ledger.isCutOff = true;
    for (const path of PATHS) {
      expect([path, await statusOf(path)]).toEqual([path, 503]);
    }
    // Where both numbers are certainly in use the deployment decides, as it does where the peer is silent.
    for (const path of pathsTo('beside')) {
      expect([path, await statusOf(path)]).toEqual([path, choice === 'release' ? 200 : 503]);
    }
    expect(running.state().lateReleases.ownPeer).toBe(0);
  });

  test('one that lacks a later block, but has her denial, denies all the same', async () => {
    const { ledger, statusOf } = await start(choice);
    ledger.knownBlocks = 8n;
    ledger.ownBlocks = 7n;
    ledger.isCutOff = true;
    for (const path of [...PATHS, ...pathsTo('closed'), ...pathsTo('beside')]) {
      if (path !== 'Observation/of-closed') {
        expect([path, [404, 503].includes(await statusOf(path))]).toEqual([path, true]);
      }
    }
  });

  test('one that has it denies', async () => {
    const { ledger, statusOf } = await start(choice);
    ledger.isCutOff = true;
    for (const path of [...PATHS, ...pathsTo('beside')]) {
      expect([path, await statusOf(path)]).toEqual([path, 404]);
    }
  });
});

test('an own peer that lags while the ledger commits passes nothing either', async () => {
  const { ledger, statusOf } = await start('refuse');
  ledger.knownBlocks = 8n;
  ledger.ownBlocks = 7n;
  ledger.evaluate = () => true;
  expect(await statusOf('Patient/merged')).toBe(503);
  ledger.evaluate = undefined;
  ledger.ownBlocks = 8n;
  expect(await statusOf('Patient/merged')).toBe(404);
});
