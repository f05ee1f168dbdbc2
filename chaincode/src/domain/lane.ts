// SPDX-License-Identifier: Apache-2.0
import { DomainError } from './errors';

/** One gateway's append-only log on the ledger. */
export interface Lane {
  readonly mspId: string;
  /** `[a-z0-9-]{1,32}`. */
  readonly gateway: string;
}

/** Letters of an MSP id; the form keeps it usable in keys, lanes and collection names. */
export const MSP_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const GATEWAY = /^[a-z0-9-]{1,32}$/;
const SEQ = /^(?:0|[1-9][0-9]{0,11})$/;

/** Highest sequence number of a lane: twelve digits, as the keys are padded. */
export const MAX_SEQ = 999_999_999_999;

/**
 * How far a lane may run ahead of its lowest batch that is not settled: writers go no further, readers look
 * no further for gaps.
 */
export const MAX_IN_FLIGHT = 8;

/** Parses `<MSP id>/<gateway name>`; `INVALID_INPUT` otherwise. */
export function parseLane(text: string): Lane {
  const slash = text.indexOf('/');
  const lane = { mspId: text.slice(0, Math.max(slash, 0)), gateway: text.slice(slash + 1) };
  assertLane(lane);
  return lane;
}

/** `<MSP id>/<gateway name>`; `INVALID_INPUT` for parts that do not have their form. */
export function formatLane(mspId: string, gateway: string): string {
  assertLane({ mspId, gateway });
  return `${mspId}/${gateway}`;
}

/**
 * A lane's sequence number from its decimal text without leading zeros, at most {@link MAX_SEQ};
 * `INVALID_INPUT` otherwise.
 */
export function parseSeq(text: string): number {
  if (!SEQ.test(text)) {
    throw new DomainError(
      'INVALID_INPUT',
      `seq: expected a whole number from 0 to ${MAX_SEQ} in decimal digits`,
    );
  }
  return Number(text);
}

function assertLane({ mspId, gateway }: Lane): void {
  if (!MSP_ID.test(mspId) || !GATEWAY.test(gateway)) {
    throw new DomainError(
      'INVALID_INPUT',
      'lane: expected <MSP id>/<gateway name>, the name of 1–32 characters a–z 0–9 -',
    );
  }
}
