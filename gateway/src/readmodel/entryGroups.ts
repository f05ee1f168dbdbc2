// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { type AccessEvent, canonicalJson, parseLane } from '@chartwitness/chaincode/domain';
import type { EntryAddress, StoredEntry } from './accessStore';

/** What a search still has to be told; see {@link EntryGroups}. */
export interface Wants {
  readonly addresses: readonly EntryAddress[];
  /** Keys of `linkKey`: every entry that carries one of them. */
  readonly links: readonly string[];
}

/**
 * Parts of one request are recorded together or one batch after the other; a later one is an access of its
 * own.
 */
const PARTS_WITHIN_MS = 10 * 60_000;

/** What is known of a request when its next part is placed. */
interface PlacedParts {
  readonly at: number;
  readonly numbers: Set<number>;
}

/**
 * Which entries are shown as one: the parts of a request, and the amendments that correct any of them.
 * Entries arrive in any order, an amendment before what it corrects, a part before the first one; so a group
 * is always made anew from all entries that are there.
 *
 * Pure, and the same for every store: give it entries, look up what it {@link wants} until it wants nothing,
 * then take the groups.
 */
export class EntryGroups {
  readonly #entries = new Map<number, StoredEntry>();
  readonly #byAddress = new Map<string, StoredEntry>();
  readonly #asked = new Set<string>();

  constructor(entries: readonly StoredEntry[]) {
    this.learn(entries);
  }

  /** Takes what was found; entries that it knows already change nothing. */
  learn(entries: readonly StoredEntry[]): void {
    for (const entry of entries) {
      this.#entries.set(entry.position, entry);
      this.#byAddress.set(addressKey(entry), entry);
    }
  }

  /** What has to be looked up next; `undefined`: nothing. The same is never wanted twice. */
  wants(): Wants | undefined {
    const addresses = new Map<string, EntryAddress>();
    const links = new Set<string>();
    for (const entry of this.#entries.values()) {
      const { amends } = entry.event;
      if (amends !== undefined) {
        const key = addressKey(amends);
        if (!this.#byAddress.has(key) && !this.#asked.has(key)) {
          addresses.set(key, { lane: amends.lane, number: amends.number });
        }
      }
      for (const link of soughtLinks(entry)) {
        if (!this.#asked.has(link)) {
          links.add(link);
        }
      }
    }
    for (const key of [...addresses.keys(), ...links]) {
      this.#asked.add(key);
    }
    return addresses.size === 0 && links.size === 0
      ? undefined
      : { addresses: [...addresses.values()], links: [...links] };
  }

  /** Every entry in exactly one group; a group by rising position. */
  groups(): readonly (readonly StoredEntry[])[] {
    const entries = [...this.#entries.values()].sort((one, other) => one.position - other.position);
    const homes = this.#homesOfAccesses(entries);
    const groups = new Map<string, StoredEntry[]>();
    for (const entry of entries) {
      const base = this.#correctedBy(entry) ?? entry;
      const key = homes.get(base.position) ?? addressKey(base);
      const group = groups.get(key);
      if (group === undefined) {
        groups.set(key, [entry]);
      } else {
        group.push(entry);
      }
    }
    return [...groups.values()];
  }

  /**
   * By position: parts of one request share a key, everything else has its own. What says that it is a part
   * and does not fit stands alone.
   */
  #homesOfAccesses(entries: readonly StoredEntry[]): ReadonlyMap<number, string> {
    const requests = new Map<string, PlacedParts>();
    const homes = new Map<number, string>();
    for (const entry of entries.filter(({ event }) => event.amends === undefined)) {
      const key = partKey(entry);
      homes.set(
        entry.position,
        key !== undefined && isPlaced(entry, key, requests) ? key : addressKey(entry),
      );
    }
    return homes;
  }

  #correctedBy(entry: StoredEntry): StoredEntry | undefined {
    const { amends } = entry.event;
    const target = amends === undefined ? undefined : this.#byAddress.get(addressKey(amends));
    return target !== undefined && corrects(entry, target) ? target : undefined;
  }
}

/**
 * Each number once, the first by the request's own id, and all within minutes: no later access hides in an
 * older entry.
 */
function isPlaced(
  { event: { part, id, at } }: StoredEntry,
  key: string,
  requests: Map<string, PlacedParts>,
): boolean {
  if (part === undefined || (part.number === 1) !== (id === part.request)) {
    return false;
  }
  const time = Date.parse(at);
  const placed = requests.get(key) ?? { at: time, numbers: new Set() };
  if (placed.numbers.has(part.number) || !(Math.abs(time - placed.at) <= PARTS_WITHIN_MS)) {
    return false;
  }
  placed.numbers.add(part.number);
  requests.set(key, placed);
  return true;
}

/**
 * Whether an amendment corrects this entry: the one that it names, of its own holder and subject, about the
 * same request and the same items, and not itself an amendment. That nothing was given is not believed of an
 * entry that says that data left before it. One that fits nothing changes nothing and is shown by itself, so
 * that none hides or rewrites another access.
 */
export function corrects({ event }: StoredEntry, target: StoredEntry): boolean {
  const { amends } = event;
  return (
    amends !== undefined &&
    amends.lane === target.lane &&
    amends.number === target.number &&
    amends.id === target.event.id &&
    target.event.kind === 'access' &&
    target.event.subject === event.subject &&
    target.event.holder === event.holder &&
    parseLane(target.lane).mspId === event.holder &&
    !(target.event.late && amends.why === 'nothingGiven') &&
    requestKey(target.event) === requestKey(event) &&
    itemsKey(target.event) === itemsKey(event)
  );
}

/**
 * Under which key a store keeps an entry so that its group finds it: amendments and parts have one, other
 * entries none.
 */
export function linkKey(entry: StoredEntry): string | undefined {
  const { amends } = entry.event;
  return amends === undefined ? partKey(entry) : amendsKey(amends);
}

/** Keys of the entries that belong to this one, should there be any. */
function soughtLinks(entry: StoredEntry): readonly string[] {
  if (entry.event.amends !== undefined) {
    return [];
  }
  const part = partKey(entry);
  return part === undefined ? [amendsKey(entry)] : [amendsKey(entry), part];
}

function addressKey({ lane, number }: EntryAddress): string {
  return `at ${lane}~${String(number)}`;
}

function amendsKey({ lane, number }: EntryAddress): string {
  return `amends ${lane}~${String(number)}`;
}

/**
 * Parts belong together within a lane and a subject, and only if they say the same of who asks for what
 * reason: nobody's access is folded into somebody else's.
 */
function partKey({ lane, event }: StoredEntry): string | undefined {
  const { part, amends, subject } = event;
  if (part === undefined || amends !== undefined) {
    return undefined;
  }
  const same = canonicalJson([lane, subject, part.request, part.of, requestKey(event)]);
  return `part ${createHash('sha256').update(same).digest('base64url')}`;
}

function requestKey({ requester, purpose, action, emergency, requestedAt }: AccessEvent): string {
  return canonicalJson([requester, purpose, action, emergency, requestedAt]);
}

/** What was asked about, without what was decided and what left. */
function itemsKey({ items }: AccessEvent): string {
  return canonicalJson(
    items.map(({ type, labels, count, ids, further, via }) => [
      type,
      labels,
      count,
      ids,
      further ?? null,
      via ?? null,
    ]),
  );
}
