// SPDX-License-Identifier: Apache-2.0
import { firstChunk } from '../../web/firstChunks';

const IMPORTERS: Readonly<Record<string, readonly string[]>> = {
  '/src/main.tsx': [],
  '/src/early.ts': ['/src/main.tsx'],
  '/src/lib/firstReads.ts': ['/src/early.ts', '/src/lib/api.ts'],
  '/src/lib/api.ts': ['/src/app/App.tsx', '/src/features/Late.tsx'],
  '/src/app/App.tsx': ['/src/main.tsx', '/src/lib/api.ts'],
  '/src/features/Late.tsx': [],
  '/src/components/Dialog.tsx': ['/src/features/Late.tsx'],
  '/node_modules/react/index.js': ['/src/app/App.tsx'],
  '/node_modules/zod/index.js': ['/src/features/Late.tsx'],
};
const facts = {
  getModuleInfo: (id: string) => {
    const importers = IMPORTERS[id];
    return importers === undefined ? null : { importers };
  },
};

test.each([
  ['/src/main.tsx', 'portal'],
  ['/src/app/App.tsx', 'portal'],
  ['/src/lib/api.ts', 'portal'],
  // The first script and what it needs, which run before the portal is there.
  ['/src/early.ts', null],
  ['/src/lib/firstReads.ts', 'start'],
  ['/src/features/Late.tsx', null],
  ['/src/components/Dialog.tsx', null],
  ['/node_modules/react/index.js', 'libraries'],
  ['/node_modules/zod/index.js', null],
  ['/src/unknown.ts', null],
])('%s is part of %s', (id, chunk) => {
  expect(firstChunk(id, facts)).toBe(chunk);
});
