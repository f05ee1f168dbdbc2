// SPDX-License-Identifier: Apache-2.0
import type { Plugin } from 'vite';

export const EARLY = 'early';
const SOURCE = `/src/${EARLY}.ts`;

/**
 * Puts the first script at the top of the page, so that it runs while the others are still being downloaded.
 * A file of its own, not a script in the page: the Content-Security-Policy refuses those.
 */
export function earlyScript(): Plugin {
  return {
    name: 'early-script',
    transformIndexHtml: {
      order: 'post',
      handler: (_html, { bundle }) => {
        const chunk = Object.values(bundle ?? {}).find(
          (output) => output.type === 'chunk' && output.isEntry && output.name === EARLY,
        );
        if (bundle !== undefined && chunk === undefined) {
          throw new Error(`no entry "${EARLY}"`);
        }
        const src = chunk === undefined ? SOURCE : `/${chunk.fileName}`;
        return [
          {
            tag: 'script',
            attrs: { type: 'module', async: true, crossorigin: true, src },
            injectTo: 'head-prepend',
          },
        ];
      },
    },
  };
}
