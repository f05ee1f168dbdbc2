// SPDX-License-Identifier: Apache-2.0
import { MAX_ITEMS, type RequestItem } from '@chartwitness/chaincode/domain';

/** Items that one event records, and which of the request's items they are. */
export interface ItemPart {
  readonly items: readonly RequestItem[];
  /**
   * For each item its place in the request; undefined for an anchor, which only stands for what leads to
   * others.
   */
  readonly origins: readonly (number | undefined)[];
}

export interface PartBounds {
  readonly maxItems: number;
  /** Bytes of the items of one part as JSON. */
  readonly maxBytes: number;
}

export const PART_BOUNDS: PartBounds = { maxItems: MAX_ITEMS, maxBytes: 128 * 1024 };

/**
 * Splits a request's items into as few parts as fit the bounds of one event, in their order. An item whose
 * leads are in another part gets anchors: the same kinds with a count of 0, so that each part is decided by
 * itself. Leads that find no room in a whole part, with a way to them, are left out, which can only withhold.
 */
export function splitItems(
  items: readonly RequestItem[],
  bounds: PartBounds = PART_BOUNDS,
): readonly ItemPart[] {
  const parts: PartBuilder[] = [];
  for (let place = 0; place < items.length; place += 1) {
    const part = parts.at(-1);
    if (part?.add(place) !== true) {
      const fresh = new PartBuilder(items, bounds);
      fresh.addAlone(place);
      parts.push(fresh);
    }
  }
  return parts.map((part) => part.build());
}

class PartBuilder {
  readonly #items: readonly RequestItem[];
  readonly #bounds: PartBounds;
  /** Place in the request → whether it is an anchor. */
  #members = new Map<number, boolean>();
  #bytes = 0;
  /** The item that one lead must name, because no way to that lead fits. */
  #circle: number | undefined;

  constructor(items: readonly RequestItem[], bounds: PartBounds) {
    this.#items = items;
    this.#bounds = bounds;
  }

  add(place: number): boolean {
    if (this.#circle !== undefined) {
      return false;
    }
    const anchors = this.#missingLeads(place);
    const bytes = anchors.reduce((sum, anchor) => sum + this.#anchorBytes(anchor), this.#itemBytes(place));
    if (
      this.#members.size + anchors.length + 1 > this.#bounds.maxItems ||
      this.#bytes + bytes > this.#bounds.maxBytes
    ) {
      return false;
    }
    this.#bytes += bytes;
    anchors.forEach((anchor) => this.#members.set(anchor, true));
    this.#members.set(place, false);
    return true;
  }

  /**
   * Into an empty part, with as many leads as fit. A lead comes only with a way from what was asked for, or
   * the part would say of it that nothing leads there. If no way fits, one lead and the item name each other:
   * a circle reaches nothing, so both are withheld.
   */
  addAlone(place: number): void {
    if (this.add(place)) {
      return;
    }
    this.#members.set(place, false);
    this.#bytes = this.#itemBytes(place);
    const [first, ...others] = this.#items[place]?.via ?? [];
    if (first === undefined) {
      return;
    }
    for (const lead of [first, ...others]) {
      this.#addWay(this.#wayTo(lead, place));
    }
    if (this.#members.size === 1) {
      this.#members.set(first, true);
      this.#circle = place;
    }
  }

  #addWay(way: readonly number[]): void {
    const bytes = way.reduce((sum, anchor) => sum + this.#anchorBytes(anchor), 0);
    if (
      this.#members.size + way.length <= this.#bounds.maxItems &&
      this.#bytes + bytes <= this.#bounds.maxBytes
    ) {
      way.forEach((anchor) => this.#members.set(anchor, true));
      this.#bytes += bytes;
    }
  }

  /**
   * The shortest way to `lead` from what was asked for or is in this part, not by `avoided`; empty when there
   * is none, or need of none.
   */
  #wayTo(lead: number, avoided: number): readonly number[] {
    if (this.#members.has(lead)) {
      return [];
    }
    const cameFrom = new Map<number, number | undefined>([[lead, undefined]]);
    for (const [one] of cameFrom) {
      const via = this.#items[one]?.via;
      if (via === undefined || via.some((next) => next !== avoided && this.#members.has(next))) {
        const way: number[] = [];
        for (let at: number | undefined = one; at !== undefined; at = cameFrom.get(at)) {
          way.push(at);
        }
        return way;
      }
      for (const next of via) {
        if (next !== avoided && !cameFrom.has(next)) {
          cameFrom.set(next, one);
        }
      }
    }
    return [];
  }

  /** What leads to an item and is not in this part, the nearest first, over any number of steps. */
  #missingLeads(place: number): readonly number[] {
    const missing = new Set<number>();
    const waiting = [place];
    for (const one of waiting) {
      for (const lead of this.#items[one]?.via ?? []) {
        if (lead !== place && !missing.has(lead) && !this.#members.has(lead)) {
          missing.add(lead);
          waiting.push(lead);
        }
      }
    }
    return [...missing];
  }

  /** A lead takes at most three digits and a comma within the part. */
  #itemBytes(place: number): number {
    const item = this.#items[place];
    const leads = 4 * Math.min(item?.via?.length ?? 0, this.#bounds.maxItems);
    return Buffer.byteLength(JSON.stringify({ ...item, via: undefined })) + 10 + leads;
  }

  #anchorBytes(place: number): number {
    const item = this.#items[place];
    return item === undefined ? 0 : Buffer.byteLength(JSON.stringify(anchorOf(item))) + 10;
  }

  build(): ItemPart {
    const places = [...this.#members.keys()].sort((a, b) => a - b);
    const placeIn = new Map(places.map((place, index) => [place, index]));
    const items = places.flatMap((place) => {
      const item = this.#items[place];
      if (item === undefined) {
        return [];
      }
      const own = this.#members.get(place) === true ? anchorOf(item) : item;
      return [own.via === undefined ? own : { ...own, via: this.#viaWithin(own.via, placeIn) }];
    });
    const origins = places.map((place) => (this.#members.get(place) === true ? undefined : place));
    return { items, origins };
  }

  #viaWithin(via: readonly number[], placeIn: ReadonlyMap<number, number>): readonly number[] {
    const within = via.flatMap((lead) => placeIn.get(lead) ?? []);
    const circle = this.#circle === undefined ? undefined : placeIn.get(this.#circle);
    return within.length === 0 && circle !== undefined ? [circle] : within;
  }
}

function anchorOf({ type, labels, via }: RequestItem): RequestItem {
  return { type, labels, count: 0, ids: [], ...(via === undefined ? {} : { via }) };
}
