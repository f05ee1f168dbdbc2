// SPDX-License-Identifier: Apache-2.0
import type { Outbox } from './outbox';
import type { Part, Ticket } from './ticket';

/**
 * An entry of a batch that the ledger refused: a part of a request, or what is owed, which the disk has under
 * its id.
 */
export interface Suspect {
  readonly id: string;
  /**
   * The part that it is; none for what is owed. A part that was released late is on the disk under the same
   * id.
   */
  readonly part: Part | undefined;
}

/** Entries that go into one batch by themselves, so that a refusal says which of them is the cause. */
export interface SuspectGroup {
  /** At least one. */
  readonly entries: readonly Suspect[];
  /** Batches that the lane had committed when one with these entries was refused first. */
  readonly since: number;
  /** How often the ledger refused it when nothing could be taken away from it any more. */
  readonly tries: number;
  /** How often the peers differed about it then, before that counted as a try. */
  readonly differences: number;
  /** Not before then, milliseconds since the epoch. */
  readonly restsUntil: number;
  /** Why it was set aside by an earlier process; kept until the ledger has it. */
  readonly refusal?: string;
}

/** The groups that wait, in the order in which they go. */
export class Suspects {
  #line: SuspectGroup[] = [];

  /** Parts whose callers wait. */
  get parts(): number {
    return this.#line.reduce((sum, { entries }) => sum + entries.filter(isAwaited).length, 0);
  }

  /** Ids of all that wait here; none of them goes beside anything else. */
  get ids(): ReadonlySet<string> {
    return new Set(this.#line.flatMap(({ entries }) => entries.map(({ id }) => id)));
  }

  /** How many of them the store counts as owed. */
  owedIn(outbox: Pick<Outbox, 'findOwed'>): number {
    return this.#line
      .filter(({ refusal }) => refusal === undefined)
      .flatMap(({ entries }) => entries)
      .filter((one) => !isAwaited(one) && outbox.findOwed(one.id) !== undefined).length;
  }

  /** Those who wait for one of the parts. */
  get tickets(): ReadonlySet<Ticket> {
    return new Set(
      this.#line.flatMap(({ entries }) =>
        entries.flatMap(({ part }) => (part?.ticket.isSettled === false ? [part.ticket] : [])),
      ),
    );
  }

  /** When the first of them may go, milliseconds since the epoch; `undefined` when none waits. */
  get readyAt(): number | undefined {
    return this.#line.length === 0 ? undefined : Math.min(...this.#line.map(({ restsUntil }) => restsUntil));
  }

  isReady(now: number): boolean {
    const { readyAt } = this;
    return readyAt !== undefined && readyAt <= now;
  }

  /** Takes out the first that does not rest. */
  take(now: number): SuspectGroup | undefined {
    const index = this.#line.findIndex(({ restsUntil }) => restsUntil <= now);
    return index < 0 ? undefined : this.#line.splice(index, 1)[0];
  }

  /** Takes entries out: they are on the ledger. */
  drop(ids: ReadonlySet<string>): void {
    this.#line = this.#line
      .map((group) => ({ ...group, entries: group.entries.filter(({ id }) => !ids.has(id)) }))
      .filter(({ entries }) => entries.length > 0);
  }

  putFirst(groups: readonly SuspectGroup[]): void {
    this.#line.unshift(...groups.filter(({ entries }) => entries.length > 0));
  }

  putLast(group: SuspectGroup): void {
    this.#line.push(group);
  }
}

/** Both halves of a group of two or more. */
export function halvesOf(group: SuspectGroup): readonly [SuspectGroup, SuspectGroup] {
  const middle = Math.ceil(group.entries.length / 2);
  return [
    { ...group, entries: group.entries.slice(0, middle) },
    { ...group, entries: group.entries.slice(middle) },
  ];
}

function isAwaited({ part }: Suspect): boolean {
  return part?.ticket.isSettled === false;
}
