// SPDX-License-Identifier: Apache-2.0
import { RecordMissing } from './fetchBatch';
import { ProjectionHalted } from './projectionHalted';

/** How often in a row an announced record may be absent before it counts as gone: half a minute of tries. */
const RECORD_TRIES = 20;

/**
 * One absent record proves nothing, since peers behind one address are not equally far; one that stays absent
 * is gone.
 */
export class RecordAbsence {
  #place = '';
  #tries = 0;

  /** @returns what a failure means after those before it: itself, or a halt. */
  judge(error: unknown): unknown {
    if (!(error instanceof RecordMissing)) {
      this.#place = '';
      this.#tries = 0;
      return error;
    }
    this.#tries = error.place === this.#place ? this.#tries + 1 : 1;
    this.#place = error.place;
    return this.#tries < RECORD_TRIES
      ? error
      : new ProjectionHalted('RECORD_MISMATCH', `${error.place}: the public record is gone`, {
          cause: error,
        });
  }
}
