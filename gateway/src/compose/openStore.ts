// SPDX-License-Identifier: Apache-2.0
import type { AccessStore } from '../readmodel/accessStore';
import { openMongoAccessStore } from '../readmodel/mongoAccessStore';
import type { IndexDuty } from '../readmodel/mongoIndexes';
import { openSqlAccessStore } from '../readmodel/sqlAccessStore';

export interface StoreChoice {
  /** MongoDB connection string; absent: the embedded store. */
  readonly mongodbUri: string | undefined;
  /** File of the embedded store. */
  readonly file: string;
  /** What to do about MongoDB's declared indexes; default `check`. The embedded store makes its own. */
  readonly indexes?: IndexDuty;
}

/** The read model's store, as configured. Rejects with StoreUnavailableError or MissingIndexError. */
export async function openStore({ mongodbUri, file, indexes = 'check' }: StoreChoice): Promise<AccessStore> {
  return mongodbUri === undefined ? openSqlAccessStore(file) : openMongoAccessStore(mongodbUri, indexes);
}
