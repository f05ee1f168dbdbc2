// SPDX-License-Identifier: Apache-2.0
import mongoose from 'mongoose';
import { StoreUnavailableError, type AccessStore } from '../../../gateway/src/readmodel/accessStore';
import { openMongoAccessStore } from '../../../gateway/src/readmodel/mongoAccessStore';
import { MissingIndexError } from '../../../gateway/src/readmodel/mongoIndexes';
import { readModelCollections } from '../../../gateway/src/readmodel/mongoSchemas';
import { findMongo, type MongoServer, startMongo } from '../../../scripts/crash/mongoServer';
import { type WireRelay, startWireRelay } from '../../support/ferretdb/wireRelay';
import { ProjectionRun, reaches } from '../projection/projectionRun';
import { projectionStoreSuite } from '../projection/projectionStoreSuite';
import { accessStoreSuite, alice, bob, Script, type StoreUnderTest } from './accessStoreSuite';
import { groupSuite } from './groupSuite';

jest.setTimeout(60_000);

const source = findMongo();

if (source.kind === 'absent') {
  describe('the MongoDB read model', () => {
    it('did not run: there is no server for it', () => {
      process.stderr.write(`MongoDB read model: NOT RUN. ${source.reason}\n`);
      expect(source.reason).not.toBe('');
    });
  });
} else {
  describe(`the MongoDB read model on ${source.kind === 'uri' ? 'MONGODB_URI' : 'FerretDB'}`, () => {
    let server: MongoServer;
    let uri = '';
    beforeAll(async () => {
      server = await startMongo(source);
    });
    afterAll(async () => {
      await server.close();
    });
    const drop = async (): Promise<void> => {
      const connection = await mongoose.createConnection(uri).asPromise();
      await connection.dropDatabase();
      await connection.close();
    };
    const underTest: StoreUnderTest = {
      open: () => {
        uri = server.database();
        return openMongoAccessStore(uri, 'build');
      },
      reopen: () => openMongoAccessStore(uri, 'check'),
      destroy: drop,
    };

    describe('as every store', () => {
      accessStoreSuite(underTest);
    });

    describe('with amendments and parts', () => {
      groupSuite(underTest, 12);
    });

    describe('under the projection', () => {
      projectionStoreSuite(underTest);
    });

    if (source.kind === 'ferretdb') {
      describe('over a connection that breaks', () => {
        let relay: WireRelay;
        beforeEach(async () => {
          uri = server.database();
          const { hostname, port } = new URL(uri);
          relay = await startWireRelay({ host: hostname, port: Number(port) });
          await (await openMongoAccessStore(uri, 'build')).close();
        });
        afterEach(async () => {
          await relay.close();
          await drop();
        });

        it.each(['before', 'after'] as const)(
          'loses and doubles nothing when its process ends between any two commands (%s)',
          async (cut) => {
            const script = new Script();
            const steps = Array.from({ length: 3 }, () =>
              script.next([{ subject: alice }, { subject: bob }]),
            );
            const applyFrom = async (to: AccessStore): Promise<void> => {
              const done = (await to.checkpoint())?.events ?? 0;
              for (const { batch, checkpoint } of steps.slice(done)) {
                await to.apply([batch], checkpoint);
              }
            };
            let wasCut = true;
            for (let command = 0; wasCut; command += 1) {
              // A process that has ended does not try again.
              const once = `${relay.uri(uri)}?retryReads=false&retryWrites=false`;
              const first = await openMongoAccessStore(once, 'check');
              relay.cutAt(command, cut);
              const ended = await applyFrom(first).catch((error: unknown) => error);
              ({ wasCut } = relay);
              expect(ended instanceof StoreUnavailableError).toBe(wasCut);
              await first.close();
              const next = await openMongoAccessStore(uri, 'check');
              await applyFrom(next);
              expect((await next.scan(1, 100)).map(({ position, event }) => [position, event])).toEqual(
                steps.flatMap(({ batch }) =>
                  batch.events.map((event, at) => [batch.firstPosition + at, event]),
                ),
              );
              expect(await next.checkpoint()).toEqual(steps.at(-1)?.checkpoint);
              await next.reset();
              await next.close();
              // Three inserts, and the checkpoint's reads and writes.
              expect(wasCut || command >= 8).toBe(true);
            }
          },
        );

        it.each(['before', 'after', 'silence'] as const)(
          'goes on by itself after a cut around one of its commands (%s)',
          async (cut) => {
            const direct = await openMongoAccessStore(uri, 'check');
            let wasCut = true;
            for (let command = 0; wasCut; command += 3) {
              const through = `${relay.uri(uri)}?socketTimeoutMS=500`;
              const run = new ProjectionRun(await openMongoAccessStore(through, 'check'));
              relay.cutAt(command, cut);
              const projection = run.start();
              run.fill(2);
              await run.applied(projection);
              run.fill(2);
              await run.applied(projection);
              await run.stop();
              ({ wasCut } = relay);
              await run.store.close();
              expect(await run.contents(direct)).toEqual(await run.undisturbed());
              await direct.reset();
              // Reads, inserts and the checkpoint's updates of four batches.
              expect(wasCut || command >= 6).toBe(true);
            }
            await direct.close();
          },
        );
      });
    }

    describe('by itself', () => {
      let store: AccessStore;
      let script: Script;
      beforeEach(async () => {
        store = await underTest.open();
        script = new Script();
      });
      afterEach(async () => {
        await store.close();
        await drop();
      });

      it('does not start without its indexes, and names them', async () => {
        const bare = server.database();
        await expect(openMongoAccessStore(bare, 'check')).rejects.toThrow('subject_shown, address, lane_id');
        const connection = await mongoose.createConnection(uri).asPromise();
        await connection.collection('entries').dropIndex('subject_shown');
        await connection.close();
        const opening = openMongoAccessStore(uri, 'check');
        await expect(opening).rejects.toBeInstanceOf(MissingIndexError);
        await expect(opening).rejects.toThrow(/subject_shown/);
        await (await openMongoAccessStore(uri, 'build')).close();
        await (await openMongoAccessStore(uri, 'check')).close();
      });

      it('refuses fields that its schemas do not have, in documents and in queries', async () => {
        const connection = await mongoose.createConnection(uri).asPromise();
        const { entries } = readModelCollections(connection);
        await expect(entries.create({ _id: 1, note: 'x' } as never)).rejects.toThrow(/note/);
        await expect(entries.find({ note: 'x' } as never).exec()).rejects.toThrow(/note/);
        expect(await entries.countDocuments({})).toBe(0);
        await connection.close();
      });

      it('drops nothing silently that its schemas refuse', async () => {
        const { batch, checkpoint } = script.next([{ subject: alice }, { subject: alice }]);
        const [good, other] = batch.events;
        const events = [good, { ...other, outcome: 'maybe' }] as typeof batch.events;
        await expect(store.apply([{ ...batch, events }], checkpoint)).rejects.toThrow(/maybe/);
        expect(await store.checkpoint()).toBeUndefined();
      });

      it('completes what a crash left half written', async () => {
        const { batch, checkpoint } = script.next([
          { subject: alice },
          { subject: alice },
          { subject: alice },
        ]);
        await store.apply([batch], checkpoint);
        const connection = await mongoose.createConnection(uri).asPromise();
        await connection.collection('entries').deleteOne({ _id: 2 as never });
        await connection.collection('checkpoints').deleteMany({});
        await connection.close();
        await store.apply([batch], checkpoint);
        expect((await store.scan(1, 10)).map(({ position }) => position)).toEqual([1, 2, 3]);
        expect(await store.checkpoint()).toEqual(checkpoint);
      });

      if (source.kind === 'ferretdb') {
        it('survives the loss of its server under the projection, without a gap or a duplicate', async () => {
          const run = new ProjectionRun(store);
          run.fill(10);
          const projection = run.start();
          await run.applied(projection);
          for (let round = 0; round < 3; round += 1) {
            await server.crash();
            run.fill(10);
            await server.restart();
            await run.applied(projection);
          }
          await run.stop();
          expect(await run.contents()).toEqual(await run.undisturbed());
        });

        it('survives a full disk under the projection, without a gap or a duplicate', async () => {
          const run = new ProjectionRun(store);
          run.fill(5);
          const projection = run.start();
          await run.applied(projection);
          await server.crash();
          // SQLite's own bound under the server: the pages that it has, and not one more.
          await server.restart(1);
          run.fill(60);
          await reaches(projection, ({ state, entries }) => state === 'stale' && entries < 130);
          const { batch, checkpoint } = new Script().next(
            Array.from({ length: 50 }, () => ({ subject: alice })),
          );
          const further = { ...batch, firstPosition: 5_001 };
          await expect(store.apply([further], checkpoint)).rejects.toBeInstanceOf(StoreUnavailableError);
          const { entries } = await store.page(alice, {}, undefined, 1000);
          expect(entries.length).toBeGreaterThan(0);
          await server.crash();
          await server.restart();
          await run.applied(projection);
          await run.stop();
          const wanted = (await run.undisturbed()) as [readonly unknown[], unknown];
          const found = (await run.contents()) as [readonly { position: number }[], unknown];
          // Of what was refused above some may have been written: far behind the ledger's end, where nothing
          // is covered by the checkpoint.
          expect([found[0].filter(({ position }) => position < 5_001), found[1]]).toEqual(wanted);
        });

        it('says that it is unavailable while its server is away', async () => {
          await server.crash();
          try {
            await expect(store.page(alice, {}, undefined, 10)).rejects.toBeInstanceOf(StoreUnavailableError);
            await expect(store.checkpoint()).rejects.toBeInstanceOf(StoreUnavailableError);
            const { batch, checkpoint } = script.next([{ subject: alice }]);
            await expect(store.apply([batch], checkpoint)).rejects.toBeInstanceOf(StoreUnavailableError);
            await expect(openMongoAccessStore(uri, 'check')).rejects.toBeInstanceOf(StoreUnavailableError);
          } finally {
            await server.restart();
          }
          expect(await store.scan(1, 10)).toEqual([]);
        });
      }
    });
  });
}
