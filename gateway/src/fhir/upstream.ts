// SPDX-License-Identifier: Apache-2.0
import type { FhirResource, SearchEntry } from './resource';

/**
 * The source of clinical data. Every method throws AppError UPSTREAM_FAILED when the source does not answer properly, TOO_COSTLY when an
 * answer exceeds its bounds, BAD_REQUEST when the source refuses the parameters.
 */
export interface Upstream {
  /** Base URL that absolute references of its resources start with, without a slash at its end. */
  readonly baseUrl: string | undefined;
  /** undefined: not there (404, 410). */
  read(type: string, id: string, signal: AbortSignal): Promise<FhirResource | undefined>;
  /** All pages together, in the source's order. */
  search(type: string, parameters: URLSearchParams, signal: AbortSignal): Promise<readonly SearchEntry[]>;
  /** `Patient/[id]/$everything`, all pages together; undefined: no such patient. */
  everything(
    patientId: string,
    parameters: URLSearchParams,
    signal: AbortSignal,
  ): Promise<readonly SearchEntry[] | undefined>;
  /** Whether the source can be reached now. */
  isReady(): Promise<boolean>;
}
