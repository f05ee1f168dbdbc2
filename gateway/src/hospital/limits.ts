// SPDX-License-Identifier: Apache-2.0

/**
 * Bounds of one access, the same for every patient and for however much there is of her. Times in
 * milliseconds.
 */
export interface AccessLimits {
  /** Matches on a page of a search that does not say how many. */
  readonly defaultCount: number;
  /** Matches on a page at most. */
  readonly maxCount: number;
  /** Resources of a `$everything` that does not say how many; what is left comes with its next link. */
  readonly everythingCount: number;
  /** Matches on a page of the source, where an answer takes several. */
  readonly sourceCount: number;
  /** Of the resources in one answer, in bytes; a single larger one is given alone. */
  readonly answerBytes: number;
  /** For reading the source. */
  readonly deadlineMs: number;
  /** In an emergency, after which a page that holds something is given as it is. */
  readonly emergencyPageMs: number;
  /** How long a next link is good for. */
  readonly linkAgeSeconds: number;
  /** Bytes of the source's answers in memory at a time, over all requests. */
  readonly memoryBytes: number;
  /** Bytes of one answer of the source; the source itself keeps to it. */
  readonly sourceBytes: number;
  /** After which a caller that takes in no part of its answer is cut off. */
  readonly sendIdleMs: number;
  /** At which an answer must be taken in on the whole, in bytes; a slower caller is cut off. */
  readonly sendBytesPerSecond: number;
}

const MIB = 1024 * 1024;

export const DEFAULT_ACCESS_LIMITS: AccessLimits = {
  defaultCount: 200,
  maxCount: 500,
  everythingCount: 5_000,
  sourceCount: 200,
  answerBytes: 16 * MIB,
  deadlineMs: 60_000,
  emergencyPageMs: 10_000,
  linkAgeSeconds: 3_600,
  memoryBytes: 160 * MIB,
  sourceBytes: 32 * MIB,
  sendIdleMs: 30_000,
  sendBytesPerSecond: 128 * 1024,
};
