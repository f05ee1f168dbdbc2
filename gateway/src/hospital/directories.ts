// SPDX-License-Identifier: Apache-2.0
import type { Logger } from 'pino';
import { BY_REFERENCE, keyOf, reachFrom } from '../fhir/includes';
import type { Candidate } from '../fhir/itemGroups';
import type { FhirResource } from '../fhir/resource';
import { isDirectoryType } from '../fhir/resourceTypes';
import { NoRoom, PageTooLarge, type Room } from '../fhir/sources/upstream';
import type { Chooser } from './chooseCandidates';
import { SMALL_BYTES } from './sourceMemory';

export interface DirectoryMeans {
  readonly read: (
    type: string,
    id: string,
    room: Room,
    signal: AbortSignal,
  ) => Promise<FhirResource | undefined>;
  /** Whether the answer may have so many bytes together. Room is taken for them. */
  readonly fits: (bytes: number) => boolean;
  /** Bytes of the resource as it would be given. */
  readonly sizeOf: (candidate: Candidate) => number;
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
 * The directory resources that `roots` lead to, over any number of steps: from `pool`, and from the source
 * where the pool lacks them because they stand on another page. What is not there, may not be given, or is
 * too large, is left out, as is what the answer has no room for beyond 256 KiB of them; in an emergency also
 * what cannot be read in time. What is left out goes by the order of the references alone.
 * @throws what reading throws, but not in an emergency.
 */
export async function completeDirectories(
  roots: readonly Candidate[],
  pool: readonly Candidate[],
  means: DirectoryMeans,
): Promise<readonly Candidate[]> {
  const known = new Map(pool.map((candidate) => [keyOf(candidate), candidate]));
  const tried = new Set(known.keys());
  const allowance = new Allowance(roots, pool, means);
  let failed = 0;
  const readInto = async (key: string): Promise<void> => {
    tried.add(key);
    const share = allowance.open();
    try {
      const candidate = await readOne(key, share, means);
      share.keep(candidate);
      if (candidate !== undefined) {
        known.set(key, candidate);
      }
    } catch (error) {
      share.keep(undefined);
      if (error instanceof Crowded) {
        tried.delete(key);
        return;
      }
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
    const some = waiting.slice(0, AT_ONCE);
    allowance.begin();
    await Promise.all(some.map(readInto));
    if (some.some((key) => !tried.has(key))) {
      // Which of them came first must not decide which has room.
      allowance.release(some.flatMap((key) => known.get(key) ?? []));
      for (const key of some) {
        known.delete(key);
      }
      for (const key of some) {
        allowance.begin();
        await readInto(key);
      }
    }
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
  room: Room,
  { read, chooser, types, deadline, hurry }: DirectoryMeans,
): Promise<Candidate | undefined> {
  const [type = '', id = ''] = key.split('/');
  if (types?.includes(type) === false) {
    return undefined;
  }
  const resource = await read(
    type,
    id,
    room,
    hurry === undefined ? deadline : AbortSignal.any([deadline, hurry]),
  );
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

/** Found no room beside others that are being read; alone it may find some. */
class Crowded extends NoRoom {}

interface Share extends Room {
  /** Of what was read so much is kept. */
  keep(candidate: Candidate | undefined): void;
}

/** What the answer has room for beside what it gives. */
class Allowance {
  readonly #means: DirectoryMeans;
  readonly #given: number;
  #kept = 0;
  /** Of that, before what is read at once now. */
  #before = 0;
  /** Bytes of what is being read. */
  readonly #reading = new Map<Share, number>();

  constructor(roots: readonly Candidate[], pool: readonly Candidate[], means: DirectoryMeans) {
    this.#means = means;
    const given = [...roots, ...reachFrom(roots, pool, BY_REFERENCE).reached];
    this.#given = given.reduce((sum, candidate) => sum + means.sizeOf(candidate), 0);
  }

  /** What is opened from now on is read at once. */
  begin(): void {
    this.#before = this.#kept;
  }

  open(): Share {
    const share: Share = {
      reserve: (bytes) => {
        this.#reading.set(share, 0);
        const others = [...this.#reading.values()].reduce((sum, size) => sum + size, 0);
        if (!this.#hasRoom(this.#kept + others + bytes)) {
          throw this.#kept + others > this.#before ? new Crowded() : new NoRoom();
        }
        this.#reading.set(share, bytes);
      },
      keep: (candidate) => {
        // A source in memory asks for no room.
        if (candidate !== undefined && !this.#reading.has(share)) {
          share.reserve(this.#means.sizeOf(candidate));
        }
        this.#reading.delete(share);
        this.#kept += candidate === undefined ? 0 : this.#means.sizeOf(candidate);
      },
    };
    return share;
  }

  release(candidates: readonly Candidate[]): void {
    this.#kept -= candidates.reduce((sum, candidate) => sum + this.#means.sizeOf(candidate), 0);
  }

  #hasRoom(bytes: number): boolean {
    return bytes <= SMALL_BYTES || this.#means.fits(this.#given + bytes);
  }
}
