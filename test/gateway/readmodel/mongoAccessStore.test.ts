// SPDX-License-Identifier: Apache-2.0
import mongoose from 'mongoose';
import { StoreUnavailableError, type AccessStore } from '../../../gateway/src/readmodel/accessStore';
import { MissingIndexError, openMongoAccessStore } from '../../../gateway/src/readmodel/mongoAccessStore';
import { readModelCollections } from '../../../gateway/src/readmodel/mongoSchemas';
import { findMongo, type MongoServer, startMongo } from '../../support/ferretdb/mongoServer';
import { ProjectionRun } from '../projection/projectionRun';
import { projectionStoreSuite } from '../projection/projectionStoreSuite';
import { accessStoreSuite, alice, Script, type StoreUnderTest } from './accessStoreSuite';

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

    describe('under the projection', () => {
      projectionStoreSuite(underTest);
    });

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
        await expect(openMongoAccessStore(bare, 'check')).rejects.toThrow('subject_list, subject_entry');
        const connection = await mongoose.createConnection(uri).asPromise();
        await connection.collection('entries').dropIndex('subject_list');
        await connection.close();
        const opening = openMongoAccessStore(uri, 'check');
        await expect(opening).rejects.toBeInstanceOf(MissingIndexError);
        await expect(opening).rejects.toThrow(/subject_list/);
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
