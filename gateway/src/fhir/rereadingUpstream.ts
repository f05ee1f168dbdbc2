// SPDX-License-Identifier: Apache-2.0
import type { FhirResource, SearchEntry } from './resource';
import { PageTooLarge, type Room, type SourcePage, type Upstream } from './upstream';

export interface RereadBounds {
  /** Reads under way at once, for each page; default 8. */
  readonly concurrency?: number;
  /** Of what one page holds after it was read again; default 32 MiB. */
  readonly maxBytes?: number;
}

/**
 * A source whose searches may leave labels out: every resource that a search or `$everything` finds is read again, each once a page, and
 * the read one takes its place. What is gone meanwhile is left out. A read that fails makes the page fail: nothing is given with labels
 * that are not known.
 *
 * Single reads rather than a search by ids, which is a search; rather than a batch too, which not every server takes.
 */
export function rereadingUpstream(source: Upstream, bounds: RereadBounds = {}, room?: Room): Upstream {
  const { concurrency = 8, maxBytes = 32 * 1024 * 1024 } = bounds;
  const reread = async (page: SourcePage, signal: AbortSignal): Promise<SourcePage> => {
    const found = new Map(page.entries.map((entry) => [keyOf(entry), entry.resource]));
    const read = new Map<string, FhirResource | undefined>();
    const waiting = [...found];
    let bytes = 0;
    const work = async (): Promise<void> => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
        const [key, { resourceType, id = '' }] = next;
        const resource = await source.read(resourceType, id, signal);
        bytes += resource === undefined ? 0 : Buffer.byteLength(JSON.stringify(resource));
        if (bytes > maxBytes) {
          throw new PageTooLarge();
        }
        await room?.reserve(bytes);
        read.set(key, resource);
      }
    };
    const workers = Array.from({ length: Math.min(concurrency, found.size) }, work);
    try {
      await Promise.all(workers);
    } catch (error) {
      // Nobody waits for the others any more.
      waiting.length = 0;
      throw error;
    }
    const entries = page.entries.flatMap((entry) => {
      const resource = read.get(keyOf(entry));
      return resource === undefined ? [] : [{ ...entry, resource }];
    });
    return { ...page, entries, bytes: Math.max(bytes, page.bytes) };
  };
  return {
    baseUrl: source.baseUrl,
    labels: source.labels,
    within: (own) => rereadingUpstream(source.within(own), bounds, own),
    read: (type, id, signal) => source.read(type, id, signal),
    search: async (type, parameters, signal, handling) =>
      reread(await source.search(type, parameters, signal, handling), signal),
    everything: async (patientId, parameters, signal) => {
      const page = await source.everything(patientId, parameters, signal);
      return page && reread(page, signal);
    },
    page: async (next, signal) => reread(await source.page(next, signal), signal),
    isReady: () => source.isReady(),
  };
}

function keyOf({ resource }: SearchEntry): string {
  return `${resource.resourceType}/${resource.id ?? ''}`;
}
