// SPDX-License-Identifier: Apache-2.0
import type { Logger } from 'pino';
import { BY_REFERENCE, keyOf, reachFrom } from '../fhir/includes';
import type { Candidate } from '../fhir/itemGroups';
import type { FhirResource } from '../fhir/resource';
import { isDirectoryType } from '../fhir/resourceTypes';
import { PageTooLarge } from '../fhir/upstream';
import type { Chooser } from './chooseCandidates';

export interface DirectoryMeans {
  readonly read: (type: string, id: string, signal: AbortSignal) => Promise<FhirResource | undefined>;
  readonly chooser: Pick<Chooser, 'choose'>;
  /** Types that the caller asked for; absent: all. */
  readonly types: readonly string[] | undefined;
  /** Ends the request. */
  readonly deadline: AbortSignal;
  /** Of an emergency, which is answered without what could not be read by then, or at all. */
  readonly hurry: AbortSignal | undefined;
  readonly log: Logger;
}

/** Reads at a time. */
const AT_ONCE = 8;

/**
 * The directory resources that `roots` lead to, over any number of steps: from `pool`, and from the source where the pool lacks them because
 * they stand on another page. What is not there, may not be given, or is too large, is left out; in an emergency also what
 * cannot be read in time.
 * @throws what reading throws, but not in an emergency.
 */
export async function completeDirectories(
  roots: readonly Candidate[],
  pool: readonly Candidate[],
  means: DirectoryMeans,
): Promise<readonly Candidate[]> {
  const known = new Map(pool.map((candidate) => [keyOf(candidate), candidate]));
  const tried = new Set(known.keys());
  let failed = 0;
  const readInto = async (key: string): Promise<void> => {
    tried.add(key);
    try {
      const candidate = await readOne(key, means);
      if (candidate !== undefined) {
        known.set(key, candidate);
      }
    } catch (error) {
      if (means.hurry === undefined && !(error instanceof PageTooLarge)) {
        throw error;
      }
      failed += 1;
    }
  };
  for (;;) {
    const waiting = missing(roots, [...known.values()], tried);
    if (waiting.length === 0 || means.hurry?.aborted === true) {
      tellFailed(failed + waiting.length, means);
      return [...known.values()];
    }
    await Promise.all(waiting.slice(0, AT_ONCE).map(readInto));
  }
}

function missing(
  roots: readonly Candidate[],
  known: readonly Candidate[],
  tried: ReadonlySet<string>,
): readonly string[] {
  const { reached } = reachFrom(roots, known, BY_REFERENCE);
  const keys = new Set([...roots, ...reached].flatMap(({ facts }) => [...facts.references]));
  return [...keys].filter((key) => !tried.has(key) && isDirectoryType(key.split('/')[0] ?? ''));
}

async function readOne(
  key: string,
  { read, chooser, types, deadline, hurry }: DirectoryMeans,
): Promise<Candidate | undefined> {
  const [type = '', id = ''] = key.split('/');
  if (types?.includes(type) === false) {
    return undefined;
  }
  const resource = await read(type, id, hurry === undefined ? deadline : AbortSignal.any([deadline, hurry]));
  return resource && chooser.choose({ resource, mode: 'include' });
}

function tellFailed(count: number, { log }: DirectoryMeans): void {
  if (count > 0) {
    log.warn(
      { count },
      'directory resources could not be read in an emergency, or are too large; they are left out',
    );
  }
}
