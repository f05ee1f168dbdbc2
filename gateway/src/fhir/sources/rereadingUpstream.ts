// SPDX-License-Identifier: Apache-2.0
import { AppError } from '../../errors';
import { Account } from './account';
import type { FhirResource, SearchEntry } from '../resource';
import { withUntoldLabels } from '../untoldLabels';
import { NoRoom, PageTooLarge, type Room, type SourcePage, type Upstream } from './upstream';

export interface RereadOptions {
  /** Reads under way at once, for each page; default 8. */
  readonly concurrency?: number;
  /** Of what one page holds after it was read again. */
  readonly maxBytes: number;
  /** Told, in an emergency, how many resources of a page could not be read again. */
  readonly onUnread: (count: number) => void;
}

/** One request's reading: its room, and in an emergency when to give what was found. */
interface Reading {
  readonly room?: Room | undefined;
  readonly hurry?: AbortSignal | undefined;
}

/** What was found of one resource; `unread` where it could not be read again in time. */
type Found = FhirResource | 'gone' | 'unread';

/**
 * A source whose searches may leave labels out: every resource that a search or `$everything` finds is read
 * again, each once a page, and the read one takes its place. What is gone meanwhile is left out. A read that
 * fails makes the page fail: nothing is given with labels that are not known. In an emergency one resource
 * must not keep the others away: what cannot be read again, or not in time, stays as it was found, with
 * labels that count as untold.
 *
 * Single reads rather than a search by ids, which is a search; rather than a batch too, which not every
 * server takes.
 */
export function rereadingUpstream(
  source: Upstream,
  options: RereadOptions,
  { room, hurry }: Reading = {},
): Upstream {
  const { concurrency = 8, maxBytes, onUnread } = options;
  const reread = async (page: SourcePage, signal: AbortSignal): Promise<SourcePage> => {
    const waiting = new Map(page.entries.map((entry) => [keyOf(entry), entry.resource]));
    const found = new Map<string, Found>();
    const account = new Account({
      reserve: (bytes) => {
        if (bytes > maxBytes) {
          throw new TooMuch();
        }
        room?.reserve(bytes);
      },
    });
    const read = readerOf(source, account, signal, hurry);
    const work = async (): Promise<void> => {
      for (let next = taken(waiting); next !== undefined; next = taken(waiting)) {
        const [key, resource] = next;
        found.set(key, await read(resource));
      }
    };
    try {
      await Promise.all(Array.from({ length: Math.min(concurrency, waiting.size) }, work));
    } catch (error) {
      // Nobody waits for the others any more.
      waiting.clear();
      throw error;
    }
    const unread = [...found.values()].filter((one) => one === 'unread').length;
    if (unread > 0) {
      onUnread(unread);
    }
    return {
      ...page,
      entries: page.entries.flatMap((entry) => settled(entry, found)),
      bytes: Math.max(account.bytes, page.bytes),
    };
  };
  return {
    baseUrl: source.baseUrl,
    labels: source.labels,
    within: (own, ownHurry) =>
      rereadingUpstream(source.within(own, ownHurry), options, { room: own, hurry: ownHurry }),
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

/** The page is too large, whichever of its resources made it so: not a failure of one of them. */
class TooMuch extends PageTooLarge {}

type Reader = (resource: FhirResource) => Promise<Found>;

function readerOf(
  source: Upstream,
  account: Account,
  signal: AbortSignal,
  hurry: AbortSignal | undefined,
): Reader {
  const read = async (
    { resourceType, id = '' }: FhirResource,
    until: AbortSignal,
  ): Promise<FhirResource | 'gone'> => {
    const share = account.open();
    let bytes = 0;
    try {
      const resource = await source.within(share, hurry).read(resourceType, id, until);
      if (resource === undefined) {
        return 'gone';
      }
      bytes = Buffer.byteLength(JSON.stringify(resource));
      // A source in memory asks for no room.
      share.reserve(bytes);
      return resource;
    } finally {
      share.keep(bytes);
    }
  };
  if (hurry === undefined) {
    return (resource) => read(resource, signal);
  }
  const until = AbortSignal.any([signal, hurry]);
  const late = unreadAfter(hurry);
  return async (resource) => {
    if (hurry.aborted) {
      return 'unread';
    }
    try {
      return await Promise.race([read(resource, until), late]);
    } catch (error) {
      // Without room the page is asked for smaller, as without a bound of its own.
      if (error instanceof AppError && !(error instanceof NoRoom) && !(error instanceof TooMuch)) {
        return 'unread';
      }
      throw error;
    }
  };
}

/** One listener for each emergency, however many pages it reads. */
const lateOf = new WeakMap<AbortSignal, Promise<Found>>();

function unreadAfter(hurry: AbortSignal): Promise<Found> {
  const known = lateOf.get(hurry);
  if (known !== undefined) {
    return known;
  }
  const late = new Promise<Found>((resolve) => {
    hurry.addEventListener('abort', () => {
      resolve('unread');
    });
  });
  lateOf.set(hurry, late);
  return late;
}

function taken(waiting: Map<string, FhirResource>): readonly [string, FhirResource] | undefined {
  for (const one of waiting) {
    waiting.delete(one[0]);
    return one;
  }
  return undefined;
}

function settled(entry: SearchEntry, found: ReadonlyMap<string, Found>): readonly SearchEntry[] {
  const resource = found.get(keyOf(entry)) ?? 'gone';
  if (resource === 'gone') {
    return [];
  }
  return [{ ...entry, resource: resource === 'unread' ? withUntoldLabels(entry.resource) : resource }];
}

function keyOf({ resource }: SearchEntry): string {
  return `${resource.resourceType}/${resource.id ?? ''}`;
}
