// SPDX-License-Identifier: Apache-2.0
import { CHAINCODE_PORT_OFFSET } from './description';
import { NetworkError } from './networkError';
import { portIsFree } from './processes';

const FIRST = 20_000;
const LAST = 60_000;
/** Ports that one network may take; bases are this far apart. */
const SPAN = 200;
/** Processes that look at the same time start at different places. */
const STARTS = 40;

/** What a network of three organisations and one build of the chaincode takes, from its base. */
const WANTED = [
  ...[0, 10, 20, 30].flatMap((node) => [node, node + 1, node + 2]),
  ...[0, 1, 2].map((process) => CHAINCODE_PORT_OFFSET + process),
];

/** A base from which all ports of a small network are free now. */
export async function freePortBase(): Promise<number> {
  for (let base = FIRST + (process.pid % STARTS) * SPAN; base < LAST; base += SPAN) {
    const start = base;
    const free = await Promise.all(WANTED.map((offset) => portIsFree(start + offset)));
    if (free.every(Boolean)) {
      return base;
    }
  }
  throw new NetworkError(
    'PORT_BUSY',
    'There is no free block of ports for a network.',
    'Name a first port yourself.',
  );
}

/** Below the range from which systems give ports away, and apart from networks. */
const FIRST_OF_FEW = 10_000;
const LAST_OF_FEW = 19_000;
const FEW = 10;
const STARTS_OF_FEW = 400;

/**
 * The first of `count` neighbouring ports that are free now.
 * @param count at most 10
 */
export async function freePorts(count: number): Promise<number> {
  const first = FIRST_OF_FEW + (process.pid % STARTS_OF_FEW) * FEW;
  for (let base = first; base < LAST_OF_FEW; base += FEW) {
    const start = base;
    const free = await Promise.all(Array.from({ length: count }, (_, at) => portIsFree(start + at)));
    if (free.every(Boolean)) {
      return base;
    }
  }
  throw new Error(`There are no ${String(count)} neighbouring free ports.`);
}
