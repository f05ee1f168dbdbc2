// SPDX-License-Identifier: Apache-2.0
import { ownDatabase, prepareMongoStore } from '../../../gateway/src/demo/mongoStore';
import { openMongoAccessStore } from '../../../gateway/src/readmodel/mongoAccessStore';
import { findMongo, type MongoServer, startMongo } from '../../../scripts/crash/mongoServer';

jest.setTimeout(60_000);

describe('ownDatabase', () => {
  it.each([
    ['mongodb://127.0.0.1:27017/list', /^mongodb:\/\/127\.0\.0\.1:27017\/chartwitness_check_[0-9a-f]{8}$/],
    ['mongodb://127.0.0.1:27017', /^mongodb:\/\/127\.0\.0\.1:27017\/chartwitness_check_[0-9a-f]{8}$/],
    [
      'mongodb://u:p@a:1,b:2/list?replicaSet=r',
      /^mongodb:\/\/u:p@a:1,b:2\/chartwitness_check_[0-9a-f]{8}\?replicaSet=r$/,
    ],
    [
      'mongodb+srv://cluster.example/?tls=true',
      /^mongodb\+srv:\/\/cluster\.example\/chartwitness_check_[0-9a-f]{8}\?tls=true$/,
    ],
  ])('replaces the database of %s', (uri, expected) => {
    expect(ownDatabase(uri)).toMatch(expected);
    expect(ownDatabase(uri)).not.toBe(ownDatabase(uri));
  });
});

const source = findMongo();

if (source.kind === 'absent') {
  it('the demonstration on MongoDB did not run: there is no server for it', () => {
    process.stderr.write(`Demonstration on MongoDB: NOT RUN. ${source.reason}\n`);
    expect(source.reason).not.toBe('');
  });
} else {
  describe('a database that holds a read model', () => {
    let server: MongoServer;
    let uri: string;
    const checkpoint = { events: 1, block: 0, transactionId: 'a'.repeat(64), entries: 0, lanes: {} };
    const stored = async (): Promise<unknown> => {
      const store = await openMongoAccessStore(uri, 'check');
      try {
        return await store.checkpoint();
      } finally {
        await store.close();
      }
    };
    beforeAll(async () => {
      server = await startMongo(source);
    });
    afterAll(() => server.close());
    beforeEach(async () => {
      uri = server.database();
      await prepareMongoStore(uri, 'new');
      const store = await openMongoAccessStore(uri, 'check');
      await store.apply([], checkpoint);
      await store.close();
    });

    it('is refused for a new ledger, and left as it is', async () => {
      await expect(prepareMongoStore(uri, 'new')).rejects.toThrow('read model of another ledger');
      expect(await stored()).toEqual(checkpoint);
    });

    it('is used again with its own ledger', async () => {
      await prepareMongoStore(uri, 'kept');
      expect(await stored()).toEqual(checkpoint);
    });

    it('is emptied when that is asked for', async () => {
      await prepareMongoStore(uri, 'fresh');
      expect(await stored()).toBeUndefined();
    });
  });
}
