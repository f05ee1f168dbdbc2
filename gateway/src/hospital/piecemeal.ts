// SPDX-License-Identifier: Apache-2.0
import { AppError } from '../errors';
import type { FhirResource, SearchEntry } from '../fhir/resource';
import { NoRoom, PageTooLarge, type Upstream } from '../fhir/sources/upstream';
import { lookAt, OF_PATIENTS } from './looking';
import type { Reading } from './reading';

/** The resources of the first so many names. */
export interface Filled {
  /** In the order of the names; undefined for what is gone. */
  readonly entries: readonly (SearchEntry | undefined)[];
  readonly bytes: number;
}

/** Reads under way at once. */
const AT_ONCE = 8;

/**
 * Reads resources of which only the names are known, in their order: as many as one answer may hold, and at
 * least one. What is too large by itself becomes `isUnreadable`, as does in an emergency what cannot be read;
 * an emergency stops when its time is over.
 * @throws AppError what the source throws in an ordinary request, or at the deadline; OVERLOADED without
 *   room.
 */
export async function readByName(
  names: readonly SearchEntry[],
  upstream: Upstream,
  reading: Reading,
): Promise<Filled> {
  const entries: (SearchEntry | undefined)[] = [];
  let bytes = 0;
  while (entries.length < names.length && (entries.length === 0 || reading.hurry?.aborted !== true)) {
    // The first is read however large it is, so it is read alone.
    const size = entries.length === 0 ? 1 : AT_ONCE;
    const batch = new Batch(names.slice(entries.length, entries.length + size), bytes, reading);
    const found = await batch.read(upstream, entries.length === 0);
    entries.push(...found);
    bytes = batch.bytes;
    if (batch.isFull) {
      break;
    }
  }
  return { entries, bytes };
}

class Batch {
  readonly #names: readonly SearchEntry[];
  readonly #reading: Reading;
  /** Bytes before this batch. */
  readonly #before: number;
  readonly #sizes: number[];
  readonly #postponed = new Set<number>();
  bytes: number;
  isFull = false;

  constructor(names: readonly SearchEntry[], before: number, reading: Reading) {
    this.#names = names;
    this.#before = before;
    this.#reading = reading;
    this.#sizes = names.map(() => 0);
    this.bytes = before;
  }

  /** @param isFirst whether the first one is read however large it is. */
  async read(upstream: Upstream, isFirst: boolean): Promise<readonly (SearchEntry | undefined)[]> {
    const { deadline } = this.#reading;
    const answers = await Promise.allSettled(
      this.#names.map(({ resource: { resourceType, id = '' } }, place) =>
        upstream
          .within({
            reserve: (bytes) => {
              this.#reserve(place, bytes, isFirst && place === 0);
            },
          })
          .read(resourceType, id, deadline),
      ),
    );
    const found: (SearchEntry | undefined)[] = [];
    for (const [place, answer] of answers.entries()) {
      if (this.#postponed.has(place) || (this.bytes > this.#reading.maxBytes && !(isFirst && place === 0))) {
        this.isFull = true;
        break;
      }
      found.push(await this.#entryOf(place, answer, upstream));
    }
    return found;
  }

  /** More than one answer may hold, or than there is room for, is read later, but for the first. */
  #reserve(place: number, bytes: number, isFirst: boolean): void {
    const { room, maxBytes } = this.#reading;
    this.#sizes[place] = 0;
    if (isFirst) {
      room.reserve(bytes);
    } else {
      const all = this.#before + this.#sizes.reduce((sum, size) => sum + size, bytes);
      if (all > maxBytes || !room.hasRoomFor(all)) {
        this.#postponed.add(place);
        throw new PageTooLarge();
      }
    }
    this.#sizes[place] = bytes;
  }

  async #entryOf(
    place: number,
    answer: PromiseSettledResult<FhirResource | undefined>,
    upstream: Upstream,
  ): Promise<SearchEntry | undefined> {
    const name = this.#names[place];
    if (name === undefined) {
      return undefined;
    }
    if (answer.status === 'fulfilled') {
      const { value } = answer;
      this.bytes += this.#sizes[place] || Buffer.byteLength(JSON.stringify(value ?? null));
      return value && { ...name, resource: value };
    }
    if (answer.reason instanceof NoRoom) {
      return this.#lookedAt(name, upstream);
    }
    if (!this.#mayStepOver(answer.reason)) {
      throw answer.reason;
    }
    this.#reading.onUnreadable(name.resource.resourceType);
    return { ...name, isUnreadable: true };
  }

  /**
   * What it is, though there is no room for it. In an emergency that waited in vain to look, its name is all
   * that is known.
   */
  async #lookedAt(name: SearchEntry, upstream: Upstream): Promise<SearchEntry | undefined> {
    const { resourceType, id = '' } = name.resource;
    try {
      const looked = await lookAt(resourceType, id, upstream, this.#reading);
      return looked && { ...name, ...looked };
    } catch (error) {
      if (!this.#mayStepOver(error)) {
        throw error;
      }
      if (error instanceof NoRoom) {
        return { ...name, isUnreadable: true, lacksRoom: true };
      }
      this.#reading.onUnreadable(resourceType);
      return { ...name, isUnreadable: true };
    }
  }

  #mayStepOver(error: unknown): boolean {
    const { hurry, deadline } = this.#reading;
    return (
      error instanceof PageTooLarge ||
      (hurry !== undefined &&
        !deadline.aborted &&
        error instanceof AppError &&
        error.code === 'UPSTREAM_FAILED')
    );
  }
}

/**
 * The name of a single resource that is too large, and whose it is; undefined where the source does not tell.
 */
export async function nameOf(
  type: string,
  id: string,
  names: Upstream,
  deadline: AbortSignal,
): Promise<SearchEntry | undefined> {
  const parameters = new URLSearchParams({ _id: id, _elements: elementsOf([type]), _count: '1' });
  try {
    const { entries } = await names.search(type, parameters, deadline);
    const found = entries.find(({ resource }) => resource.resourceType === type && resource.id === id);
    return found && { ...found, mode: 'match', isUnreadable: true };
  } catch (error) {
    if (error instanceof AppError && ['BAD_REQUEST', 'TOO_COSTLY'].includes(error.code)) {
      return undefined;
    }
    throw error;
  }
}

/** Where a type names its patient in FHIR R4, unless it is in `subject` or `patient`. */
const OWNERS: Readonly<Record<string, string>> = {
  Appointment: 'participant',
  Coverage: 'beneficiary',
  Patient: OF_PATIENTS.join(),
  SupplyRequest: 'deliverTo',
  Task: 'for',
};

/** `_elements` that tell a resource's name and whose it is. */
export function elementsOf(types: readonly string[]): string {
  return ['id', 'meta', 'subject', 'patient', ...types.flatMap((type) => OWNERS[type] ?? [])].join();
}
