// SPDX-License-Identifier: Apache-2.0
import { MAX_IN_FLIGHT } from '@chartwitness/chaincode/domain';
import fc from 'fast-check';
import { pino } from 'pino';
import { advance } from '../../../gateway/src/projection/advance';
import { checkReadModel, describeCheck, rebuildReadModel } from '../../../gateway/src/projection/maintenance';
import { describeOpenPlaces, openPlacesOf } from '../../../gateway/src/projection/openPlaces';
import type { Projection } from '../../../gateway/src/projection/projection';
import type { Checkpoint } from '../../../gateway/src/readmodel/accessStore';
import { openSqlAccessStore } from '../../../gateway/src/readmodel/sqlAccessStore';
import { accessRequest } from '../../support/accessRequests';
import { FakeProvenanceLedger, recordOf } from '../../support/fakeProvenanceLedger';
import { alice, bob, NORTH, ProjectionRun, reaches, SOUTH } from './projectionRun';

/**
 * A lane that the ledger has later batches of, and nothing at a place before them: an access may have been
 * left out there.
 */

const MINUTE = 60_000;

/** The lanes after the ledger has committed these places of one lane, one event each, in this order. */
function lanesAfter(places: readonly number[]): Checkpoint['lanes'] {
  let checkpoint: Checkpoint | undefined;
  for (const [index, seq] of places.entries()) {
    const events = new FakeProvenanceLedger().record(NORTH, [accessRequest({ subject: alice })]);
    const batch = { start: seq, events };
    const { batchRoot } = recordOf(batch);
    const position = { block: BigInt(index), transactionId: String(index).padStart(64, '0') };
    const event = {
      ...position,
      name: 'AccessRecorded' as const,
      payload: { lane: NORTH, seq, count: 1, batchRoot },
    };
    ({ checkpoint } = advance(checkpoint, event, { event, record: recordOf(batch), events }));
  }
  return checkpoint?.lanes ?? {};
}

test('property: a lane is named exactly while a place below its last one is open, whatever the order', () => {
  const some = fc.uniqueArray(fc.integer({ min: 0, max: MAX_IN_FLIGHT - 1 }), { minLength: 1 });
  fc.assert(
    fc.property(some, (places) => {
      const highest = Math.max(...places);
      const absent = Array.from({ length: highest }, (_one, seq) => seq).filter(
        (seq) => !places.includes(seq),
      );
      const found = openPlacesOf(lanesAfter(places));
      expect(found.map(({ lane, seq, open }) => [lane, seq, open])).toEqual(
        absent.length === 0 ? [] : [[NORTH, absent[0], absent.length]],
      );
    }),
  );
});

test('many lanes are named in a text that stays short', () => {
  const places = Array.from({ length: 500 }, (_one, at) => ({
    lane: `NorthHospitalMSP/lane${String(at)}`,
    seq: 1,
    open: 2,
    later: 3,
    since: 0,
  }));
  expect(describeOpenPlaces(places)).toContain('and 497 more lanes');
  expect(describeOpenPlaces(places).length).toBeLessThan(500);
});

describe('a list with an open place', () => {
  let run: ProjectionRun;
  let now: number;
  const lines: { level: number; msg: string; problem?: string; reason?: string; remedy?: string }[] = [];
  beforeEach(() => {
    run = new ProjectionRun(openSqlAccessStore(':memory:'));
    lines.length = 0;
  });
  afterEach(async () => {
    await run.stop();
    await run.store.close();
  });
  const log = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line) as never) });
  const put = (seq: number): void => {
    const events = new FakeProvenanceLedger().record(NORTH, [accessRequest({ subject: alice })]);
    run.ledger.putBatch(NORTH, seq, { start: seq, events });
    now = Date.parse(events[0]?.at ?? '');
  };
  const start = (): Projection => run.start({ log, clock: () => now });

  test('is live for a minute, then says which, and is live again when it is closed', async () => {
    put(0);
    put(2);
    const projection = start();
    now += MINUTE - 1;
    expect(await reaches(projection, ({ block }) => block === 1)).toMatchObject({ openPlaces: [] });
    await reaches(projection, ({ state }) => state === 'live');
    now += 1;
    expect(await reaches(projection, ({ state }) => state === 'incomplete')).toMatchObject({
      entries: 2,
      openPlaces: [{ lane: NORTH, seq: 1, open: 1, later: 1 }],
      problemKind: 'PLACE_OPEN',
      problem: expect.stringContaining(`PLACE_OPEN: lane ${NORTH}, seq 1: open since 2026-`) as string,
      remedy: expect.stringContaining('ask the holder') as string,
    });
    // Everybody's entries go on meanwhile, and it is said once.
    run.ledger.record(SOUTH, [accessRequest({ subject: bob })]);
    await reaches(projection, ({ entries }) => entries === 3);
    await reaches(projection, ({ state }) => state === 'incomplete');
    expect(lines.map(({ level, problem }) => [level, problem])).toEqual([[50, 'PLACE_OPEN']]);
    expect(lines[0]?.remedy).toContain('ask the holder');
    put(1);
    now += 10 * MINUTE;
    expect(await reaches(projection, ({ state }) => state === 'live')).toMatchObject({
      entries: 4,
      openPlaces: [],
      problem: undefined,
    });
    expect(lines.at(-1)).toMatchObject({ level: 30, msg: 'every lane is complete again' });
  });

  test('is known again after a restart, without waiting for another minute', async () => {
    put(0);
    put(2);
    await reaches(start(), ({ block }) => block === 1);
    await run.stop();
    now += MINUTE;
    await reaches(start(), ({ state }) => state === 'incomplete');
  });

  test('is rebuilt, and says so', async () => {
    put(0);
    put(2);
    now += MINUTE;
    expect(await rebuildReadModel(run.deps({ clock: () => now }), run.signal)).toMatchObject({
      state: 'incomplete',
      entries: 2,
    });
  });

  test('is found by a check, once it has been open for a minute and as long as nothing has filled it', async () => {
    put(0);
    put(2);
    await rebuildReadModel(run.deps({ clock: () => now }), run.signal);
    const check = () =>
      checkReadModel({ ledger: run.ledger, store: run.store, clock: () => now }, run.signal);
    now += MINUTE - 1;
    expect(await check()).toMatchObject({ differences: [], openPlaces: [] });
    now += 1;
    const report = await check();
    expect(report).toMatchObject({ differences: [], openPlaces: [{ lane: NORTH, seq: 1 }] });
    expect(describeCheck(report)).toMatch(/no difference\nPLACE_OPEN: lane .*\n {2}entries of/);
    // Beyond the checkpoint, which the check does not cover.
    put(1);
    now += 10 * MINUTE;
    expect(await check()).toMatchObject({ openPlaces: [] });
  });
});
