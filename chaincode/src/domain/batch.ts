// SPDX-License-Identifier: Apache-2.0
import type { AccessEvent } from './accessEvent';
import type { AccessRequest } from './accessRequest';

/**
 * What `Access:Record` takes in the transient map under `batch`, as JSON. At most 1,000 requests and 1 MiB.
 */
export interface BatchInput {
  /** How many events the lane holds before this batch. */
  readonly start: number;
  readonly requests: readonly AccessRequest[];
}

/** The private value of a batch, kept by the holder and the trustee. */
export interface PrivateBatch {
  readonly start: number;
  readonly events: readonly AccessEvent[];
}

/** The public record of a batch: the leaf of the lane's log. */
export interface BatchRecord {
  readonly start: number;
  readonly count: number;
  /** RFC 9162 Merkle tree head over the events' leaf hashes, base64url. */
  readonly batchRoot: string;
}
