// SPDX-License-Identifier: Apache-2.0
import type { AccessStore } from '../readmodel/accessStore';
import { openSqlAccessStore } from '../readmodel/sqlAccessStore';

export interface StoreChoice {
  /** MongoDB connection string; absent: the embedded store. */
  readonly mongodbUri: string | undefined;
  /** File of the embedded store. */
  readonly file: string;
}

/** The read model's store, as configured. */
export function openStore(choice: StoreChoice): Promise<AccessStore> {
  return Promise.resolve(openSqlAccessStore(choice.file));
}
