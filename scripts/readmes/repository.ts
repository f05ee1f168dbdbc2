// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Documents } from './markdown';

const ROOT = join(__dirname, '..', '..');
/** What is made, fetched, or comes from elsewhere and is never edited. */
const LEFT_OUT = new Set(['node_modules', 'dist', '.data', '.git', 'coverage', 'pictures']);
const LEFT_OUT_PATHS = new Set(['test/vectors', 'test/conformance/data']);
/** What a command writes: `npm run fidelity`. */
const GENERATED = new Set(['test/fabric/FIDELITY.md']);
/** READMEs that are written here and stand beside data from elsewhere. */
const BESIDE_DATA = ['test/vectors/README.md', 'test/conformance/data/README.md'];
const SOURCE = /\.(?:[cm]?[jt]s|tsx|json|env|ya?ml|service)$|^\.ci\/run$/;

/** All files of the repository that are written here, from its root, with `/`. */
export function repositoryFiles(folder = ''): readonly string[] {
  const files: string[] = [];
  for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (LEFT_OUT.has(entry.name)) {
      continue;
    }
    if (!entry.isDirectory()) {
      files.push(path);
    } else if (!LEFT_OUT_PATHS.has(path)) {
      files.push(...repositoryFiles(path));
    }
  }
  return files;
}

/** @param path from the repository's root */
export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** @param path from the repository's root */
export function isThere(path: string): boolean {
  return existsSync(join(ROOT, path));
}

/** Every document that is written by hand. */
export function repositoryDocuments(files: readonly string[]): Documents {
  const paths = files.filter((path) => path.endsWith('.md') && !GENERATED.has(path));
  return new Map([...paths, ...BESIDE_DATA].map((path) => [path, read(path)]));
}

/** The text of the source, tests included, in one. */
export function repositorySource(files: readonly string[]): string {
  return files
    .filter((path) => SOURCE.test(path) && !path.endsWith('package-lock.json'))
    .map(read)
    .join('\n');
}
