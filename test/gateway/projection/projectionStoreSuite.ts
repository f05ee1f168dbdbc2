// SPDX-License-Identifier: Apache-2.0
import { checkReadModel, rebuildReadModel } from '../../../gateway/src/projection/maintenance';
import type { ProjectionDeps } from '../../../gateway/src/projection/projection';
import type { ProjectionStatus } from '../../../gateway/src/projection/projectionStatus';
import { type AccessStore, StoreUnavailableError } from '../../../gateway/src/readmodel/accessStore';
import { accessRequest } from '../../support/accessRequests';
import { pause } from '../../support/pause';
import type { StoreUnderTest } from '../readmodel/accessStoreSuite';
import { NORTH, ProjectionRun, reaches, SOUTH } from './projectionRun';

/** What the projection promises with every store. */
export function projectionStoreSuite(underTest: StoreUnderTest): void {
  let store: AccessStore;
  let run: ProjectionRun;
  beforeEach(async () => {
    store = await underTest.open();
    run = new ProjectionRun(store);
  });
  afterEach(async () => {
    await run.stop();
    await store.close();
    await underTest.destroy();
  });

  it.each(
    [0, 1, 2, 3, 4, 5].flatMap((call) => (['before', 'after'] as const).map((moment) => ({ call, moment }))),
  )('loses and doubles nothing when write $call fails $moment it is done', async ({ call, moment }) => {
    run.fill(6);
    const apply = store.apply.bind(store);
    let calls = 0;
    jest.spyOn(store, 'apply').mockImplementation(async (...given) => {
      const fails = calls === call;
      calls += 1;
      if (fails && moment === 'before') {
        throw new StoreUnavailableError('disk full');
      }
      await apply(...given);
      if (fails) {
        throw new StoreUnavailableError('the reply was lost');
      }
    });
    // One batch at a time, so that there is a moment between every two.
    const slow: ProjectionDeps['ledger'] = {
      findBatch: (...given) => run.ledger.findBatch(...given),
      getEvents: (...given) => run.ledger.getEvents(...given),
      findBlock: (...given) => run.ledger.findBlock(...given),
      findEventBlock: (from, to) => run.ledger.findEventBlock(from, to),
      tip: () => run.ledger.tip(),
      events: async function* (after, signal) {
        for await (const event of run.ledger.events(after, signal)) {
          yield event;
          while (!signal.aborted && (await store.checkpoint())?.block !== Number(event.block)) {
            await pause(1, signal);
          }
        }
      },
    };
    await run.applied(run.start({ ledger: slow }));
    expect(calls).toBeGreaterThanOrEqual(6);
    expect(await run.contents()).toEqual(await run.undisturbed());
  });

  it('ends in the same when two projections write to one store', async () => {
    run.fill(20);
    const projections = [run.start(), run.start()];
    await Promise.all(projections.map((projection) => run.applied(projection)));
    run.fill(20);
    await Promise.all(projections.map((projection) => run.applied(projection)));
    expect(projections.map((projection) => projection.status().state)).not.toContain('halted');
    expect(await run.contents()).toEqual(await run.undisturbed());
  });

  it('rebuilds to the same as following along', async () => {
    const projection = run.start();
    for (let round = 0; round < 5; round += 1) {
      run.fill(2);
      await run.applied(projection);
    }
    await run.stop();
    const before = await run.contents();
    expect(await rebuildReadModel(run.deps(), run.signal)).toMatchObject({ state: 'live', entries: 20 });
    expect(await run.contents()).toEqual(before);
  });

  describe('a second event of an id in a lane', () => {
    const id = 'A'.repeat(22);
    const halted = (): Promise<ProjectionStatus> => reaches(run.start(), ({ state }) => state === 'halted');

    it.each([
      ['in the same batch', 0],
      ['in a later batch, applied with it', 1],
      ['in a later batch, applied after it', 2],
    ])('halts by name, %s, and keeps what came before', async (_what, when) => {
      run.fill(1);
      if (when === 0) {
        run.ledger.record(NORTH, [accessRequest({ id }), accessRequest({ id })]);
      } else {
        run.ledger.record(NORTH, [accessRequest({ id }), accessRequest()]);
        if (when === 2) {
          await run.applied(run.start());
          await run.stop();
        }
        run.ledger.record(NORTH, [accessRequest(), accessRequest({ id })]);
      }
      const second = when === 0 ? 3 : 5;
      const status = await halted();
      expect(status).toMatchObject({
        haltReason: 'DUPLICATE_ID',
        problem: `DUPLICATE_ID: lane ${NORTH}: number ${String(second)} has the event id of number 2`,
      });
      expect(await store.scan(1, 100)).toHaveLength(when === 0 ? 2 : 4);
    });

    it('is none in another lane, nor when the first one is read again', async () => {
      run.ledger.record(NORTH, [accessRequest({ id })]);
      run.ledger.record(SOUTH, [accessRequest({ id })]);
      expect(await run.applied(run.start())).toMatchObject({ entries: 2, haltReason: undefined });
      await run.stop();
      await rebuildReadModel(run.deps(), run.signal);
      expect(await store.scan(1, 100)).toHaveLength(2);
    });
  });

  it('checks itself against the ledger', async () => {
    run.fill(4);
    await rebuildReadModel(run.deps(), run.signal);
    expect(await checkReadModel({ ledger: run.ledger, store }, run.signal)).toEqual({
      entries: 8,
      differences: [],
      isComplete: true,
      openPlaces: [],
    });
  });
}
