// SPDX-License-Identifier: Apache-2.0
import type { FhirResource, SearchEntry } from '../fhir/resource';
import type { FactsReader } from '../fhir/resourceFacts';
import type { SourcePage, Upstream } from '../fhir/upstream';
import type { Reading } from './reading';

/** What a Patient is looked at for. */
const OF_PATIENTS = ['identifier', 'link'];

/**
 * A resource for which there is no room, without its content: what it is, whose, and what it is labelled is known all the same, so it is
 * decided on as if it were at hand.
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

function nameAlone(resource: FhirResource): FhirResource {
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
 * @throws NoRoom while another request looks at something, or the client rests; what the source throws.
 */
export async function lookAt(
  type: string,
  id: string,
  upstream: Upstream,
  { room, hurry, deadline, facts }: Reading,
): Promise<SearchEntry | undefined> {
  return room.look(async (any) => {
    const resource = await upstream.within(any, hurry).read(type, id, deadline);
    return resource && withoutContent({ resource, mode: 'match' }, facts);
  });
}

interface Sized {
  readonly entry: SearchEntry;
  /** Bytes as JSON. */
  readonly size: number;
}

/**
 * Looks at a page for which there is no room, and keeps of it what there is room for: matches first, from the `skip`th on.
 * @throws NoRoom while another request looks at something, or the client rests; what the source throws.
 */
export async function lookAtPage(
  ask: (upstream: Upstream) => Promise<SourcePage | undefined>,
  isMatch: (entry: SearchEntry) => boolean,
  skip: number,
  upstream: Upstream,
  { room, hurry, facts }: Reading,
): Promise<SourcePage | undefined> {
  return room.look(async (any) => {
    const page = await ask(upstream.within(any, hurry));
    if (page === undefined) {
      return undefined;
    }
    const matches = page.entries.filter(isMatch).slice(skip);
    const asked = new Set(matches);
    const sized = (entry: SearchEntry): Sized => ({
      entry,
      size: page.entries.length === 1 ? page.bytes : Buffer.byteLength(JSON.stringify(entry.resource)),
    });
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
