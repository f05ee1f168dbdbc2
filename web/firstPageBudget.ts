// SPDX-License-Identifier: Apache-2.0
import { gzipSync } from 'node:zlib';
import type { Plugin, Rolldown } from 'vite';

interface BudgetOptions {
  /** Largest allowed sum of the gzipped files, in bytes. */
  readonly limitBytes: number;
  /**
   * Modules that the first page loads by itself besides its static imports. Of several that match one pattern
   * it loads one: the largest counts.
   */
  readonly also: readonly RegExp[];
}

type Bundle = Rolldown.OutputBundle;

/**
 * Fails the build when the first page's download grows over the budget: the page, its style sheets, the entry
 * with all its static imports, and one language. Everything else is loaded when it is opened.
 */
export function firstPageBudget({ limitBytes, also }: BudgetOptions): Plugin {
  return {
    name: 'first-page-budget',
    apply: 'build',
    writeBundle(_options, bundle) {
      const files = firstPageFiles(bundle, also);
      const sizes = [...files].map((file) => [file, gzippedBytes(bundle, file)] as const);
      const total = sizes.reduce((sum, [, bytes]) => sum + bytes, 0);
      for (const [file, bytes] of sizes) {
        this.info(`${(bytes / 1000).toFixed(1).padStart(7)} kB gzip  ${file}`);
      }
      const report = `first page: ${(total / 1000).toFixed(1)} kB gzip of ${(limitBytes / 1000).toFixed(0)} kB`;
      if (total > limitBytes) {
        this.error(`over budget: ${report}`);
      }
      this.info(report);
    },
  };
}

function firstPageFiles(bundle: Bundle, also: readonly RegExp[]): Set<string> {
  const files = new Set<string>(Object.keys(bundle).filter((name) => name.endsWith('.html')));
  const visit = (name: string): void => {
    const chunk = bundle[name];
    if (files.has(name) || chunk?.type !== 'chunk') {
      return;
    }
    files.add(name);
    for (const sheet of chunk.viteMetadata?.importedCss ?? []) {
      files.add(sheet);
    }
    chunk.imports.forEach(visit);
  };
  const chunks = Object.values(bundle).filter((output) => output.type === 'chunk');
  for (const chunk of chunks) {
    if (chunk.isEntry) {
      visit(chunk.fileName);
    }
  }
  for (const wanted of also) {
    const found = chunks.filter(({ moduleIds }) => moduleIds.some((id) => wanted.test(id)));
    if (found.length === 0) {
      throw new Error(`no module matches ${String(wanted)}: the budget would miss it`);
    }
    const size = ({ fileName }: { fileName: string }): number => gzippedBytes(bundle, fileName);
    const [largest] = found.sort((a, b) => size(b) - size(a));
    if (largest !== undefined) {
      visit(largest.fileName);
    }
  }
  return files;
}

function gzippedBytes(bundle: Bundle, name: string): number {
  const output = bundle[name];
  if (output === undefined) {
    return 0;
  }
  return gzipSync(output.type === 'chunk' ? output.code : output.source, { level: 9 }).length;
}
