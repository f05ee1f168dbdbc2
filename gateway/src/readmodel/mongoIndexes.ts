// SPDX-License-Identifier: Apache-2.0
import type { ReadModelCollections } from './mongoSchemas';

/** What to do about the declared indexes: without them every page would read the whole collection. */
export type IndexDuty =
  /** Make what is missing; may take long on a large collection. */
  | 'build'
  /** Refuse to open when one is missing. */
  | 'check';

/** A declared index is not on the server. */
export class MissingIndexError extends Error {
  override readonly name = 'MissingIndexError';
}

/** Makes what is missing. */
export async function buildIndexes({ entries, links }: ReadModelCollections): Promise<void> {
  await entries.createIndexes();
  await links.createIndexes();
}

/** @throws MissingIndexError */
export async function checkIndexes({ entries, links }: ReadModelCollections): Promise<void> {
  await requireIndexes(entries);
  await requireIndexes(links);
}

type Indexed = ReadModelCollections['entries' | 'links'];

async function requireIndexes(model: Indexed): Promise<void> {
  const present = new Set(await indexNames(model));
  const missing = model.schema
    .indexes()
    .flatMap(([, { name }]) => (present.has(String(name)) ? [] : [String(name)]));
  if (missing.length > 0) {
    throw new MissingIndexError(
      `the MongoDB read model lacks the index ${missing.join(', ')} on "${model.collection.name}": run "chartwitness readmodel indexes" with the same configuration, then start again`,
    );
  }
}

async function indexNames(model: Indexed): Promise<readonly string[]> {
  const collections = await model.db.listCollections();
  if (!collections.some(({ name }) => name === model.collection.name)) {
    return [];
  }
  return (await model.listIndexes()).map(({ name }) => String(name));
}
