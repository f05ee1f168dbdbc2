// SPDX-License-Identifier: Apache-2.0
import { AppError } from '../errors';
import { keyOf, reachFrom } from '../fhir/includes';
import type { Candidate } from '../fhir/itemGroups';
import { PageTooLarge, type SourcePage } from '../fhir/sources/upstream';
import type { Chooser } from './chooseCandidates';
import type { FilledPage, PageWish } from './filledPage';

/** What is asked of the source: what comes beside these matches. */
export interface IncludeQuestion {
  readonly ids: readonly string[];
  /** The one `_include` or `_revinclude` that is asked for; absent: all that the search has. */
  readonly only?: Parameter;
}

/** Of a search. */
export type Parameter = readonly [name: string, value: string];

export interface IncludeMeans {
  readonly search: (question: IncludeQuestion) => Promise<SourcePage>;
  /** A further page of it: the source may give fewer matches on a page than were asked for. */
  readonly page: (next: string) => Promise<SourcePage>;
  /** The search's `_include` and `_revinclude`. */
  readonly includes: readonly Parameter[];
  readonly chooser: Pick<Chooser, 'choose'>;
  readonly rules: PageWish['rules'];
  /** Whether the answer may have so many bytes together. Room is taken for them. */
  readonly fits: (bytes: number) => boolean;
  /** Bytes of the resource as it would be given. */
  readonly sizeOf: (candidate: Candidate) => number;
  /** Whether the rest is left out, because an emergency must not wait, or the error is no fault of it. */
  readonly endsEarly: (error?: unknown) => boolean;
}

export interface IncludedBeside {
  readonly besides: readonly Candidate[];
  /** What the source says it applied of the whole search; undefined when it did not come to that. */
  readonly applied: URLSearchParams | undefined;
}

/** Questions for one page beyond one for each match; what they do not bring is left out. */
const MAX_QUESTIONS = 20;
/** An id that no source has: an answer without matches still says what was applied. */
const NOBODY: IncludeQuestion = { ids: ['0-chartwitness-none'] };

/**
 * What comes beside the matches of a page whose source pages lacked it, because one match with it was too
 * large. Only the matches that are to be given are asked about. So a withheld one, however large, changes
 * neither what comes beside the others nor what the answer says was applied. Where a question's answer is
 * too large, its halves are asked, of a single match each parameter by itself; what is too large even then is
 * left out.
 * @throws what the source throws, but not where `endsEarly`.
 */
export async function includedBeside(
  { foreseen, besides }: Pick<FilledPage, 'foreseen' | 'besides'>,
  means: IncludeMeans,
): Promise<IncludedBeside> {
  const asking = new Asking(besides, means);
  const ids = foreseen.flatMap(({ resource: { id } }) => id ?? []);
  if (ids.length > 0) {
    await asking.askFor(ids);
  }
  if (asking.applied === undefined) {
    const page = await pageOf(NOBODY, means);
    asking.applied = typeof page === 'string' ? undefined : appliedBy(page);
  }
  return { besides: withRoom(foreseen, asking.known, means), applied: asking.applied };
}

/** Asks, and keeps what comes. */
class Asking {
  readonly #means: IncludeMeans;
  readonly #known: Map<string, Candidate>;
  applied: URLSearchParams | undefined;

  constructor(besides: readonly Candidate[], means: IncludeMeans) {
    this.#means = means;
    this.#known = new Map(besides.map((candidate) => [keyOf(candidate), candidate]));
  }

  get known(): readonly Candidate[] {
    return [...this.#known.values()];
  }

  async askFor(ids: readonly string[]): Promise<void> {
    const waiting: (IncludeQuestion | string)[] = [{ ids }];
    for (let left = MAX_QUESTIONS + ids.length; left > 0; left -= 1) {
      const asked = waiting.shift();
      const page = asked === undefined ? 'ended' : await pageOf(asked, this.#means);
      if (asked === undefined || page === 'ended') {
        return;
      }
      if (page === 'too large') {
        waiting.unshift(...(typeof asked === 'string' ? [] : narrower(asked, this.#means)));
      } else {
        this.#note(page, asked);
        waiting.unshift(...(page.next === undefined ? [] : [page.next]));
      }
    }
  }

  #note(page: SourcePage, asked: IncludeQuestion | string): void {
    if (typeof asked !== 'string' && asked.only === undefined) {
      this.applied ??= appliedBy(page);
    }
    for (const entry of page.entries.filter(({ mode }) => mode === 'include')) {
      const candidate = this.#means.chooser.choose(entry);
      if (candidate !== undefined && !this.#known.has(keyOf(candidate))) {
        this.#known.set(keyOf(candidate), candidate);
      }
    }
  }
}

function appliedBy({ self }: SourcePage): URLSearchParams {
  return self ?? new URLSearchParams();
}

async function pageOf(
  asked: IncludeQuestion | string,
  { search, page, endsEarly }: IncludeMeans,
): Promise<SourcePage | 'too large' | 'ended'> {
  if (endsEarly()) {
    return 'ended';
  }
  try {
    return await (typeof asked === 'string' ? page(asked) : search(asked));
  } catch (error) {
    if (error instanceof PageTooLarge) {
      return 'too large';
    }
    if (error instanceof AppError && endsEarly(error)) {
      return 'ended';
    }
    throw error;
  }
}

function narrower({ ids, only }: IncludeQuestion, { includes }: IncludeMeans): readonly IncludeQuestion[] {
  if (ids.length > 1) {
    const middle = Math.ceil(ids.length / 2);
    return [{ ids: ids.slice(0, middle) }, { ids: ids.slice(middle) }];
  }
  return only === undefined && includes.length > 1 ? includes.map((one) => ({ ids, only: one })) : [];
}

/** In the order of the matches that lead to them, as many as there is room for beside these. */
function withRoom(
  foreseen: readonly Candidate[],
  pool: readonly Candidate[],
  { rules, fits, sizeOf }: IncludeMeans,
): readonly Candidate[] {
  let bytes = foreseen.reduce((sum, candidate) => sum + sizeOf(candidate), 0);
  return reachFrom(foreseen, pool, rules).reached.filter((candidate) => {
    const size = sizeOf(candidate);
    if (!fits(bytes + size)) {
      return false;
    }
    bytes += size;
    return true;
  });
}
