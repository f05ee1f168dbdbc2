// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { CommandFailed } from '../cli/commandIo';
import { openStore } from '../compose/openStore';
import type { AccessStore } from '../readmodel/accessStore';

const SUFFIX_BYTES = 4;

/**
 * Makes the database that a demonstration is to use ready for its ledger.
 * @param ledger `new` ledgers need an empty database; `fresh`: it may be emptied for that; `kept`: it goes on
 *   where it was.
 * @throws CommandFailed when a new ledger meets a read model that is not its own.
 */
export async function prepareMongoStore(mongodbUri: string, ledger: 'new' | 'fresh' | 'kept'): Promise<void> {
  await withStore(mongodbUri, async (store) => {
    if (ledger === 'fresh') {
      await store.reset();
    } else if (ledger === 'new' && (await store.checkpoint()) !== undefined) {
      throw new CommandFailed(
        'The database of MONGODB_URI holds the read model of another ledger. Name another database, or empty this one with --fresh.',
      );
    }
  });
}

/** The same server with a database of its own, for a check that is not to touch what is there. */
export function ownDatabase(mongodbUri: string): string {
  const name = `chartwitness_check_${randomBytes(SUFFIX_BYTES).toString('hex')}`;
  return mongodbUri.replace(
    /^(mongodb(?:\+srv)?:\/\/[^/?]+)(?:\/[^?]*)?/,
    (_whole, server: string) => `${server}/${name}`,
  );
}

/** Removes all entries; the empty collections stay. */
export async function emptyMongoStore(mongodbUri: string): Promise<void> {
  await withStore(mongodbUri, (store) => store.reset());
}

async function withStore(mongodbUri: string, work: (store: AccessStore) => Promise<void>): Promise<void> {
  const store = await openStore({ mongodbUri, file: '', indexes: 'build' });
  try {
    await work(store);
  } finally {
    await store.close();
  }
}
