// SPDX-License-Identifier: Apache-2.0
import type { FhirResource, SearchEntry } from '../fhir/resource';
import type { FactsReader } from '../fhir/resourceFacts';
import { NoRoom, PageTooLarge, type SourcePage, type Upstream } from '../fhir/sources/upstream';
import type { Reading } from './reading';

/** By which a Patient tells who somebody is; some numbers do not tell their century. */
export const OF_PATIENTS = ['identifier', 'link', 'birthDate'];

/**
 * A resource for which there is no room, without its content: what it is, whose, and what it is labelled is
 * known all the same, so it is decided on as if it were at hand.
 */
export function withoutContent({ resource, mode }: SearchEntry, facts: FactsReader): SearchEntry {
  return {
    resource: nameAlone(resource),
    ...(mode === undefined ? {} : { mode }),
    isUnreadable: true,
    lacksRoom: true,
    told: facts(resource),
  };
}

/** What tells which resource it is; of a Patient, who she is. */
export function nameAlone(resource: FhirResource): FhirResource {
  const { resourceType, id } = resource;
  const kept = resourceType === 'Patient' ? OF_PATIENTS : [];
  return {
    resourceType,
    ...(id === undefined ? {} : { id }),
    ...Object.fromEntries(kept.flatMap((name) => (name in resource ? [[name, resource[name]]] : []))),
  };
}

/**
 * Looks at a single resource for which there is no room; undefined: not there.
 * @throws what waiting for a look throws (`Looks`), and the source.
 */
export async function lookAt(
  type: string,
  id: string,
  upstream: Upstream,
  reading: Reading,
): Promise<SearchEntry | undefined> {
  const { room, hurry, deadline, facts } = reading;
  return room.look({ deadline, hurry }, async (any) => {
    const resource = await upstream.within(any, hurry).read(type, id, deadline);
    return resource && withoutContent({ resource, mode: 'match' }, facts);
  });
}

/** A page that was looked at. */
export interface LookedPage extends SourcePage {
  /**
   * Matches from the first that is not done on that are there, if not all: those after them are to be asked
   * for again.
   */
  readonly fitting?: number;
}

interface Sized {
  readonly entry: SearchEntry;
  /** Bytes as JSON. */
  readonly size: number;
}

/**
 * Looks at a page for which there is no room, and keeps of it what there is room for: matches first, from the
 * `skip`th on.
 * @throws what waiting for a look throws (`Looks`), and the source.
 */
export async function lookAtPage(
  ask: (upstream: Upstream) => Promise<SourcePage | undefined>,
  isMatch: (entry: SearchEntry) => boolean,
  skip: number,
  upstream: Upstream,
  reading: Reading,
): Promise<SourcePage | undefined> {
  const { room, hurry, deadline, facts } = reading;
  return room.look({ deadline, hurry }, async (any) => {
    const page = await ask(upstream.within(any, hurry));
    if (page === undefined) {
      return undefined;
    }
    const matches = page.entries.filter(isMatch).slice(skip);
    const asked = new Set(matches);
    const sized = (entry: SearchEntry): Sized => sizedOn(page, entry);
    // Of the others the smallest, so that a large one keeps no smaller one away.
    const others = page.entries
      .filter((one) => !asked.has(one))
      .map(sized)
      .sort((one, other) => one.size - other.size);
    const kept = new Set<SearchEntry>();
    let bytes = 0;
    for (const { entry, size } of [...matches.map(sized), ...others]) {
      if (room.hasRoomFor(bytes + size)) {
        kept.add(entry);
        bytes += size;
      }
    }
    const entries = page.entries.map((entry) => (kept.has(entry) ? entry : withoutContent(entry, facts)));
    return { ...page, entries, bytes };
  });
}

/**
 * Looks at a page of many matches for which there is no room, and keeps of those from the `skip`th on as many
 * as there is room for together. What has no room by itself comes without its content and keeps nothing else
 * away. What belongs to withheld matches takes room as well, so the page is given up where what comes beside
 * its matches has none: it must not show whose was left out.
 * @throws NoRoom where no part of it finds room; what waiting for a look throws (`Looks`), and the source.
 */
export async function lookPast(
  ask: (upstream: Upstream) => Promise<SourcePage | undefined>,
  isMatch: (entry: SearchEntry) => boolean,
  skip: number,
  upstream: Upstream,
  reading: Reading,
): Promise<LookedPage | undefined> {
  const { room, hurry, deadline, facts } = reading;
  return room.look({ deadline, hurry }, async (any) => {
    const page = await ask(upstream.within(any, hurry));
    if (page === undefined) {
      return undefined;
    }
    const matches = page.entries.filter(isMatch);
    const done = new Set(matches.slice(0, skip));
    const waiting = matches.slice(skip);
    const empty = new Map<SearchEntry, SearchEntry>();
    const sizeOf = (entry: SearchEntry): number => {
      const { size } = sizedOn(page, entry);
      if (room.hasRoomFor(size)) {
        return size;
      }
      empty.set(entry, withoutContent(entry, facts));
      return 0;
    };
    const others = waiting.length === 0 ? [] : page.entries.filter((entry) => !isMatch(entry));
    let bytes = others.reduce((sum, entry) => sum + sizeOf(entry), 0);
    let fitting = 0;
    for (const match of waiting) {
      const size = sizeOf(match);
      if (!room.hasRoomFor(bytes + size)) {
        break;
      }
      bytes += size;
      fitting += 1;
    }
    if (fitting === 0 && waiting.length > 0) {
      throw new NoRoom();
    }
    const kept = new Set([...others, ...waiting.slice(0, fitting)]);
    const entries = page.entries
      .filter((entry) => isMatch(entry) || kept.has(entry))
      .map((entry) => (done.has(entry) || !kept.has(entry) ? nameOnly(entry) : (empty.get(entry) ?? entry)));
    return { ...page, entries, bytes, fitting };
  });
}

/** Of a match that is done, or asked for again: so that it is counted. */
function nameOnly({ resource, mode }: SearchEntry): SearchEntry {
  return { resource: nameAlone(resource), ...(mode === undefined ? {} : { mode }), isUnreadable: true };
}

function sizedOn({ entries, bytes }: SourcePage, entry: SearchEntry): Sized {
  return { entry, size: entries.length === 1 ? bytes : Buffer.byteLength(JSON.stringify(entry.resource)) };
}

/** @throws `error` where the page is too large to be looked at, or no part of it finds room. */
export async function orElse<T>(error: NoRoom, looked: Promise<T>): Promise<T> {
  try {
    return await looked;
  } catch (why) {
    throw why instanceof PageTooLarge ? error : why;
  }
}
