// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqlAccessStore } from '../../../gateway/src/readmodel/sqlAccessStore';
import { projectionStoreSuite } from './projectionStoreSuite';

describe('the projection into the embedded read model', () => {
  let directory = '';
  const reopen = (): Promise<ReturnType<typeof openSqlAccessStore>> =>
    Promise.resolve(openSqlAccessStore(join(directory, 'readmodel.db')));
  projectionStoreSuite({
    open: () => {
      directory = mkdtempSync(join(tmpdir(), 'chartwitness-projection-'));
      return reopen();
    },
    reopen,
    destroy: () => {
      rmSync(directory, { recursive: true });
      return Promise.resolve();
    },
  });
});
