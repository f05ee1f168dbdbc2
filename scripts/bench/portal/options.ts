// SPDX-License-Identifier: Apache-2.0
import { parseArgs } from 'node:util';

/** The list that is scrolled has 10,000 rows, and some must be left to load below them. */
const LEAST_ENTRIES = 10_100;
const MOST_ENTRIES = 1_000_000;
const MOST_ROUNDS = 100;

export interface PortalOptions {
  /** Of the list. */
  readonly entries: number;
  readonly rounds: number;
}

/**
 * What the benchmark of the portal was asked for.
 * @param args the command line, `--portal` among it
 * @throws Error naming the option that is unknown, lacks its value or is out of range
 */
export function readPortalOptions(args: readonly string[]): PortalOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      portal: { type: 'boolean' },
      entries: { type: 'string', default: '12000' },
      rounds: { type: 'string', default: '9' },
    },
  });
  return {
    entries: wholeNumber('--entries', values.entries, LEAST_ENTRIES, MOST_ENTRIES),
    rounds: wholeNumber('--rounds', values.rounds, 1, MOST_ROUNDS),
  };
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) {
    throw new Error(`${name} must be a whole number from ${String(least)} to ${String(most)}, not "${text}"`);
  }
  return value;
}
