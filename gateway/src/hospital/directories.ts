// SPDX-License-Identifier: Apache-2.0
import type { Logger } from 'pino';
import { BY_REFERENCE, keyOf, reachFrom } from '../fhir/includes';
import type { Candidate } from '../fhir/itemGroups';
import type { FhirResource } from '../fhir/resource';
import { isDirectoryType } from '../fhir/resourceTypes';
import type { Chooser } from './chooseCandidates';

export interface DirectoryMeans {
  readonly chooser: Pick<Chooser, 'choose'>;
  readonly isEmergency: boolean;
  readonly log: Logger;
}

/** Reads at a time. */
const AT_ONCE = 8;

/**
 * The directory resources that `roots` lead to, over any number of steps: from `pool`, and from the source where the pool lacks them because
 * they stand on another page.
 * @param read undefined for what is not there or may not be given.
 */
export async function completeDirectories(
  roots: readonly Candidate[],
  pool: readonly Candidate[],
  read: (type: string, id: string) => Promise<Candidate | undefined>,
): Promise<readonly Candidate[]> {
  const known = new Map(pool.map((candidate) => [keyOf(candidate), candidate]));
  const tried = new Set(known.keys());
  for (;;) {
    const { reached } = reachFrom(roots, [...known.values()], BY_REFERENCE);
    const missing = new Set(
      [...roots, ...reached]
        .flatMap(({ facts }) => [...facts.references])
        .filter((key) => isMissing(key, tried)),
    );
    if (missing.size === 0) {
      return [...known.values()];
    }
    const waiting = [...missing];
    while (waiting.length > 0) {
      const found = await Promise.all(waiting.splice(0, AT_ONCE).map((key) => readKey(key, tried, read)));
      for (const candidate of found) {
        if (candidate !== undefined) {
          known.set(keyOf(candidate), candidate);
        }
      }
    }
  }
}

function isMissing(key: string, tried: ReadonlySet<string>): boolean {
  return !tried.has(key) && isDirectoryType(key.split('/')[0] ?? '');
}

function readKey(
  key: string,
  tried: Set<string>,
  read: (type: string, id: string) => Promise<Candidate | undefined>,
): Promise<Candidate | undefined> {
  tried.add(key);
  const [type = '', id = ''] = key.split('/');
  return read(type, id);
}

/** A directory resource as a candidate; undefined for what is not there, may not be given, or, in an emergency, cannot be read. */
export async function readDirectory(
  fetch: () => Promise<FhirResource | undefined>,
  type: string,
  { chooser, isEmergency, log }: DirectoryMeans,
): Promise<Candidate | undefined> {
  try {
    const resource = await fetch();
    return resource && chooser.choose({ resource, mode: 'include' });
  } catch (error) {
    if (!isEmergency) {
      throw error;
    }
    log.warn({ type }, 'a directory resource could not be read; an emergency is answered without it');
    return undefined;
  }
}
