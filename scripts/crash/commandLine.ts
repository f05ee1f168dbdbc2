// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';

/** Ends the process with status 2 and says what is wrong with how it was called. */
export function usage(problem: string): never {
  process.stderr.write(`${problem}\n`);
  process.exit(2);
}

/** An option of a command line as a whole number from 1; ends the process when it is none. */
export function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) {
    usage(`--${name} must be a whole number from 1, not "${text}"`);
  }
  return number;
}

/** A number in [0, 1) that depends on the seed and the place only. */
export function chance(seed: string, place: string): number {
  return createHash('sha256').update(`${seed}/${place}`).digest().readUInt32BE() / 2 ** 32;
}
