// SPDX-License-Identifier: Apache-2.0
import { Gate } from './gate';
import type { BatchPlace } from './outbox';

interface Claim {
  /** Open while the lane shows to be this process's own. */
  readonly gate: Gate;
  /** The highest place in which another batch stood, or may have; -1 for none. */
  metAt: number;
}

/**
 * Which lanes have shown that this process writes in them, and nobody else: something of it has committed
 * there since the start, and no place at or above that one met another batch.
 */
export class LaneClaims {
  readonly #claims = new Map<string, Claim>();

  /** Open while a place counts as this process's own once it is endorsed; else not before it is committed. */
  gateOf(lane: string): Gate {
    return this.#of(lane).gate;
  }

  /** A batch of this process is there, and was not there when it started. */
  noteOwn({ lane, seq }: BatchPlace): void {
    const { gate, metAt } = this.#of(lane);
    if (seq >= metAt) {
      gate.open();
    }
  }

  /** Another batch has the place, or may have it: a try met `BATCH_EXISTS`, or a conflict of versions. */
  noteConflict({ lane, seq }: BatchPlace): void {
    const claim = this.#of(lane);
    claim.metAt = Math.max(claim.metAt, seq);
    claim.gate.close();
  }

  #of(lane: string): Claim {
    const known = this.#claims.get(lane) ?? { gate: new Gate(), metAt: -1 };
    this.#claims.set(lane, known);
    return known;
  }
}
