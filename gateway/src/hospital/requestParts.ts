// SPDX-License-Identifier: Apache-2.0
import { MAX_ITEMS, type RequestItem } from '@chartwitness/chaincode/domain';

/** Items that one event records, and which of the request's items they are. */
export interface ItemPart {
  readonly items: readonly RequestItem[];
  /** For each item its place in the request; undefined for an anchor, which only stands for what leads to others. */
  readonly origins: readonly (number | undefined)[];
}

export interface PartBounds {
  readonly maxItems: number;
  /** Bytes of the items of one part as JSON. */
  readonly maxBytes: number;
}

export const PART_BOUNDS: PartBounds = { maxItems: MAX_ITEMS, maxBytes: 128 * 1024 };

/**
 * Splits a request's items into as few parts as fit the bounds of one event, in their order. An item whose leads are in another part gets
 * anchors: the same kinds with a count of 0, so that each part is decided by itself. Leads that find no room in a whole part are left
 * out, which can only withhold.
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

  constructor(items: readonly RequestItem[], bounds: PartBounds) {
    this.#items = items;
    this.#bounds = bounds;
  }

  add(place: number): boolean {
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

  /** Into an empty part, with as many leads as fit. */
  addAlone(place: number): void {
    if (this.add(place)) {
      return;
    }
    this.#members.set(place, false);
    this.#bytes = this.#itemBytes(place);
    for (const lead of this.#missingLeads(place)) {
      const bytes = this.#anchorBytes(lead);
      if (this.#members.size + 1 <= this.#bounds.maxItems && this.#bytes + bytes <= this.#bounds.maxBytes) {
        this.#members.set(lead, true);
        this.#bytes += bytes;
      }
    }
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
    const { via = [], ...rest } = this.#items[place] ?? {};
    return Buffer.byteLength(JSON.stringify(rest)) + 10 + 4 * Math.min(via.length, this.#bounds.maxItems);
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
      const { via, ...rest } = own;
      return [via === undefined ? rest : { ...rest, via: via.flatMap((lead) => placeIn.get(lead) ?? []) }];
    });
    const origins = places.map((place) => (this.#members.get(place) === true ? undefined : place));
    return { items, origins };
  }
}

function anchorOf({ type, labels, via }: RequestItem): RequestItem {
  return { type, labels, count: 0, ids: [], ...(via === undefined ? {} : { via }) };
}
