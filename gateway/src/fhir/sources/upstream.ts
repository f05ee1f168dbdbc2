// SPDX-License-Identifier: Apache-2.0
import { AppError } from '../../errors';
import type { Handling } from '../appliedParameters';
import type { FhirResource, SearchEntry } from '../resource';

/** One answer of the source to a search or to `$everything`. */
export interface SourcePage {
  /** Matches and included resources, in the source's order. */
  readonly entries: readonly SearchEntry[];
  /**
   * OperationOutcomes of the source: what it says about parameters that it did not apply. Its words may quote
   * data.
   */
  readonly outcomes: readonly FhirResource[];
  /** Size of this answer as JSON. */
  readonly bytes: number;
  /**
   * For {@link Upstream.page}; undefined at the end. Holds the source's address: for this process only, never
   * for a caller.
   */
  readonly next: string | undefined;
  /** Parameters that the source says it applied (its `self` link); undefined when it does not say. */
  readonly self: URLSearchParams | undefined;
}

/** Where the bytes of answers find room, since many large ones together would exhaust the memory. */
export interface Room {
  /**
   * Told the size of the answer so far, before more of it is read.
   * @throws NoRoom when there is none now. Nobody waits for it: the wait would tell that something large is
   *   there.
   */
  reserve(bytes: number): void;
}

/**
 * Where a source tells the labels of its data. `everywhere`: in reads and in searches. `reads`: in reads;
 * searches may leave labels out, so what they find is read again. `nowhere`: neither; data without a
 * sensitivity label count as carrying every label.
 */
export type LabelTrust = 'everywhere' | 'reads' | 'nowhere';

/** A source as the gateway uses it. */
export interface PreparedUpstream extends Upstream {
  within(room: Room, hurry?: AbortSignal): PreparedUpstream;
  /**
   * The source as it is: for the names of resources that are then read one by one. Nothing that it answers is
   * ever given.
   */
  readonly names: Upstream;
}

export interface SourceReadiness {
  readonly ready: boolean;
  /** For operators: what was found. No personal data. */
  readonly detail?: string;
}

/** An answer that is larger than one answer may be. A smaller `_count` may help. */
export class PageTooLarge extends AppError {
  constructor() {
    super('TOO_COSTLY', 'an answer of the source exceeds the limit of one answer', {
      expose: 'The clinical data source answered with too much data; narrow the request.',
    });
  }
}

/**
 * An answer for which there is no room in memory now. A smaller one may find some, and the same one later.
 */
export class NoRoom extends PageTooLarge {}

/**
 * The source of clinical data, read page by page. Every method but `isReady` throws AppError:
 * - UPSTREAM_FAILED: no answer, no answer in time, or none that can be believed (status, form, another
 *   resource, links that lead out);
 * - TOO_COSTLY, always as {@link PageTooLarge}: one answer exceeds the bound of bytes, or ({@link NoRoom})
 *   the room that there is now;
 * - BAD_REQUEST (`search`, `everything`): the source refuses the parameters.
 *
 * `signal` is a deadline, not the caller's presence: an access is recorded whether or not somebody waits for
 * it.
 */
export interface Upstream {
  /** Base URL that absolute references of its resources start with, without a slash at its end. */
  readonly baseUrl: string | undefined;
  readonly labels: LabelTrust;
  /**
   * The same source, whose answers ask for room as they arrive.
   * @param hurry given in an emergency, and aborted when what was found until then is to be given. Labels
   *   that stand elsewhere than the data then count as untold: nobody waits for them.
   */
  within(room: Room, hurry?: AbortSignal): Upstream;
  /** undefined: not there (404, 410), or `id` is no FHIR id. */
  read(type: string, id: string, signal: AbortSignal): Promise<FhirResource | undefined>;
  /**
   * The first page; `parameters` include the `_count` that the caller wants, which the source may lower. With
   * `strict` handling, parameters that the source does not say it applied are BAD_REQUEST.
   */
  search(
    type: string,
    parameters: URLSearchParams,
    signal: AbortSignal,
    handling?: Handling,
  ): Promise<SourcePage>;
  /** The first page of `Patient/[id]/$everything`; undefined: no such patient. */
  everything(
    patientId: string,
    parameters: URLSearchParams,
    signal: AbortSignal,
  ): Promise<SourcePage | undefined>;
  /**
   * The page that {@link SourcePage.next} of the one before names. One that is gone is UPSTREAM_FAILED, never
   * absent.
   */
  page(next: string, signal: AbortSignal): Promise<SourcePage>;
  /** Whether the source can be reached and believed now. Never throws. */
  isReady(): Promise<SourceReadiness>;
}
