// SPDX-License-Identifier: Apache-2.0
import type { IncludeRules } from '../fhir/includes';
import type { Candidate, FurtherKind } from '../fhir/itemGroups';
import type { SearchEntry } from '../fhir/resource';
import type { Place } from './pagedSource';

/** What a page may hold, as its caller asks for it. */
export interface PageWish {
  /** Matches that the page may give; 0 for a mere count. */
  readonly wanted: number;
  /** Whether the resources on the page may have so many bytes together. Room is taken for them. */
  readonly fits: (bytes: number) => boolean;
  /** Whether the first match may exceed that: it is all that the answer gives then. */
  readonly mayExceed: boolean;
  /** Whether withheld ones may be kept with so many bytes together. */
  readonly keeps: (bytes: number) => boolean;
  /** Whether all matches up to the source's end are counted. */
  readonly countsAll: boolean;
  /** Which references bring resources beside the matches. */
  readonly rules: IncludeRules;
  /** Whether what comes beside a match may stand on another page of the source than the match. */
  readonly isPoolShared: boolean;
}

export type UnboundedWish = Omit<PageWish, 'fits' | 'keeps' | 'mayExceed'>;

/** What filling a page needs besides the source. */
export interface FillMeans {
  /** undefined for what may not be asked of the ledger at all. */
  readonly choose: (entry: SearchEntry) => Candidate | undefined;
  /** Bytes of the resource as it would be given. */
  readonly sizeOf: (candidate: Candidate) => number;
  /** Matches on a page of the source at most. */
  readonly sourceCount: number;
  /** In an emergency, what lacks room is stepped over where nothing can be given before it. */
  readonly stepsOver: boolean;
  /**
   * Asked before the source is read on, once there is something to give, and when that fails: whether to give
   * the page as it is.
   */
  readonly endsEarly: (error?: unknown) => boolean;
}

/** What is to be recorded for a page, and what it leaves. */
export interface FilledPage {
  /**
   * Matches to record, in the source's order, each once: those foreseen to be given, and withheld ones in
   * between.
   */
  readonly matches: readonly Candidate[];
  /** Those of them that are foreseen to be given. */
  readonly foreseen: readonly Candidate[];
  /** What comes beside them. */
  readonly besides: readonly Candidate[];
  /** What is decided on but cannot be on this page. */
  readonly further: readonly FurtherKind[];
  /** Where the next page begins; undefined when there is none. */
  readonly next: Place | undefined;
  /**
   * Whether reading ended before the page was full and before the source's end: nobody counted what comes
   * after.
   */
  readonly endsEarly: boolean;
  /** What the next page begins with; undefined when it was not looked at. */
  readonly nextKind: string | undefined;
  /** Kinds, among `further`, of what can never be given: only its name is known. */
  readonly unreadable: ReadonlySet<string>;
  /** Types of what nobody read, so that its labels are not known. */
  readonly untold: ReadonlySet<string>;
  /** Whether the page ends before what lacks room, and gives nothing. */
  readonly isStuck: boolean;
  /** Whether some of what comes beside the matches was left out for want of room. */
  readonly lacksBesides: boolean;
}
