// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { answerParsers } from './answerParsers';
import { compressedCopies } from './compressedCopies';
import { EARLY, earlyScript } from './earlyScript';
import { firstChunk } from './firstChunks';
import { firstPageBudget } from './firstPageBudget';
import { config } from './package.json';
import { wordsInParts } from './wordsInParts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here('.'),
  plugins: [
    answerParsers(),
    earlyScript(),
    compressedCopies(),
    wordsInParts(),
    react(),
    firstPageBudget({
      limitBytes: config.firstPageBytes,
      also: [/languages\/.+\?first$/, /timeline\/WeekChart\.tsx$/],
    }),
  ],
  resolve: {
    alias: {
      '@chartwitness/chaincode/domain': here('../chaincode/src/domain/index.ts'),
    },
  },
  build: {
    target: 'es2022',
    // Browsers that know `light-dark()`, which the sign-in pages use as it is: rewritten for others it is a
    // good part of the style sheet.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // The polyfill and inlined assets would need an inline script or a data: URL, which the
    // Content-Security-Policy refuses. Of a page that is opened later only the styles are named ahead. Its
    // scripts come when it is opened, or loaded ahead; their names would be half a kilobyte of the first
    // page.
    modulePreload: {
      polyfill: false,
      resolveDependencies: (_file, dependencies, { hostType }) =>
        hostType === 'js' ? dependencies.filter((name) => name.endsWith('.css')) : dependencies,
    },
    assetsInlineLimit: 0,
    sourcemap: false,
    reportCompressedSize: false,
    rolldownOptions: {
      input: {
        index: here('index.html'),
        ...Object.fromEntries(EARLY.map((name) => [name, here(`src/${name}.ts`)])),
      },
      // Libraries change less often than the portal: a new release is a small download.
      output: {
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [{ name: firstChunk, debugName: 'first page' }],
        },
      },
    },
  },
});
