// SPDX-License-Identifier: Apache-2.0
import type { Part, Ticket } from './ticket';

/** What a batch still has room for. */
export interface Room {
  readonly events: number;
  readonly bytes: number;
}

/** A separator for each. */
export function bytesOf(parts: readonly { readonly bytes: number }[]): number {
  return parts.reduce((sum, part) => sum + part.bytes + 1, 0);
}

interface Entry {
  readonly ticket: Ticket;
  /** Parts before this index have left the queue. */
  next: number;
  /** Whether a batch was closed rather than take a piece of it. */
  wasPassed: boolean;
}

/** Requests of one kind that wait for a batch. Clients take turns; of one client the oldest goes first. */
class Line {
  readonly #clients = new Map<string, Map<Ticket, Entry>>();
  #parts = 0;
  #bytes = 0;

  get parts(): number {
    return this.#parts;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get oldestSince(): number | undefined {
    let oldest: number | undefined;
    for (const entries of this.#clients.values()) {
      const first = entries.keys().next().value?.since;
      oldest = first === undefined || (oldest !== undefined && oldest <= first) ? oldest : first;
    }
    return oldest;
  }

  add(ticket: Ticket): void {
    const entries = this.#clients.get(ticket.client) ?? new Map<Ticket, Entry>();
    entries.set(ticket, { ticket, next: 0, wasPassed: false });
    this.#clients.set(ticket.client, entries);
    this.#parts += ticket.parts.length;
    this.#bytes += ticket.bytes;
  }

  remove(ticket: Ticket): void {
    const entries = this.#clients.get(ticket.client);
    const entry = entries?.get(ticket);
    if (entries === undefined || entry === undefined) {
      return;
    }
    this.#count(ticket.parts.slice(entry.next));
    entries.delete(ticket);
    if (entries.size === 0) {
      this.#clients.delete(ticket.client);
    }
  }

  /**
   * Takes what fits. The parts of one request stay together where an empty batch could hold them: then the
   * batch is closed before it instead, once; a request must not wait for ever for an empty one.
   */
  take(room: Room, whole: Room): Part[] {
    const taken: Part[] = [];
    let { events, bytes } = room;
    for (let entry = this.#first(); entry !== undefined; entry = this.#first()) {
      const rest = entry.ticket.parts.slice(entry.next);
      const fitting = fittingOf(rest, { events, bytes });
      const isSplit = fitting.length < rest.length;
      if (isSplit && !entry.wasPassed && events < whole.events && isWithin(rest, whole)) {
        entry.wasPassed = true;
        break;
      }
      taken.push(...fitting);
      events -= fitting.length;
      bytes -= bytesOf(fitting);
      if (isSplit) {
        entry.next += fitting.length;
        this.#count(fitting);
        break;
      }
      this.remove(entry.ticket);
      this.#nextClient(entry.ticket.client);
    }
    return taken;
  }

  get tickets(): readonly Ticket[] {
    return [...this.#clients.values()].flatMap((entries) => [...entries.keys()]);
  }

  #first(): Entry | undefined {
    return this.#clients.values().next().value?.values().next().value;
  }

  #nextClient(client: string): void {
    const entries = this.#clients.get(client);
    if (entries !== undefined) {
      this.#clients.delete(client);
      this.#clients.set(client, entries);
    }
  }

  #count(left: readonly Part[]): void {
    this.#parts -= left.length;
    this.#bytes -= left.reduce((sum, part) => sum + part.bytes, 0);
  }
}

/** Requests that wait for a batch: break-glass apart from the rest, each kind fair among its clients. */
export class Queue {
  readonly #emergencies = new Line();
  readonly #ordinary = new Line();

  /** Parts that wait. */
  get length(): number {
    return this.#emergencies.parts + this.#ordinary.parts;
  }

  /** Parts and their bytes that wait, of one kind. */
  sizeOf(isEmergency: boolean): { readonly parts: number; readonly bytes: number } {
    const { parts, bytes } = this.#lineOf(isEmergency);
    return { parts, bytes };
  }

  /** Since when the oldest waits, milliseconds since the epoch. */
  get oldestSince(): number | undefined {
    const times = [this.#emergencies.oldestSince, this.#ordinary.oldestSince];
    const known = times.filter((time) => time !== undefined);
    return known.length === 0 ? undefined : Math.min(...known);
  }

  add(ticket: Ticket): void {
    this.#lineOf(ticket.isEmergency).add(ticket);
  }

  /** Takes out what is left of it, if anything is. */
  remove(ticket: Ticket): void {
    this.#lineOf(ticket.isEmergency).remove(ticket);
  }

  /** @param whole room of an empty batch. */
  take(isEmergency: boolean, room: Room, whole: Room): Part[] {
    return this.#lineOf(isEmergency).take(room, whole);
  }

  /** All that wait. */
  get tickets(): readonly Ticket[] {
    return [...this.#emergencies.tickets, ...this.#ordinary.tickets];
  }

  #lineOf(isEmergency: boolean): Line {
    return isEmergency ? this.#emergencies : this.#ordinary;
  }
}

function isWithin(parts: readonly Part[], room: Room): boolean {
  return parts.length <= room.events && bytesOf(parts) <= room.bytes;
}

function fittingOf(parts: readonly Part[], room: Room): Part[] {
  const fitting: Part[] = [];
  let bytes = 0;
  for (const part of parts) {
    bytes += part.bytes + 1;
    if (fitting.length >= room.events || bytes > room.bytes) {
      break;
    }
    fitting.push(part);
  }
  return fitting;
}
