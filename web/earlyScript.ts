// SPDX-License-Identifier: Apache-2.0
import type { HtmlTagDescriptor, Plugin } from 'vite';

/** The scripts at the top of the page, in this order, by their names in `src`. */
export const EARLY = ['watch', 'early'] as const;

/**
 * Puts the first scripts at the top of the page, so that they run while the others are still being
 * downloaded. Files of their own, not scripts in the page: the Content-Security-Policy refuses those.
 */
export function earlyScript(): Plugin {
  return {
    name: 'early-script',
    transformIndexHtml: {
      order: 'post',
      handler: (_html, { bundle }) =>
        EARLY.map((name): HtmlTagDescriptor => {
          const chunk = Object.values(bundle ?? {}).find(
            (output) => output.type === 'chunk' && output.isEntry && output.name === name,
          );
          if (bundle !== undefined && chunk === undefined) {
            throw new Error(`no entry "${name}"`);
          }
          if (name === 'watch' && chunk?.type === 'chunk' && chunk.imports.length > 0) {
            throw new Error('"watch" needs another script, and would be missing with it');
          }
          const src = chunk === undefined ? `/src/${name}.ts` : `/${chunk.fileName}`;
          return {
            tag: 'script',
            attrs: { type: 'module', async: true, crossorigin: true, src },
            injectTo: 'head-prepend',
          };
        }),
    },
  };
}
