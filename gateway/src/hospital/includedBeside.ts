// SPDX-License-Identifier: Apache-2.0
import { AppError } from '../errors';
import { keyOf, reachFrom } from '../fhir/includes';
import type { Candidate } from '../fhir/itemGroups';
import { PageTooLarge, type SourcePage } from '../fhir/sources/upstream';
import type { Chooser } from './chooseCandidates';
import type { FilledPage, PageWish } from './filledPage';

export interface IncludeMeans {
  /** Asks the source for the whole search, includes and all, of these matches alone. */
  readonly search: (ids: readonly string[]) => Promise<SourcePage>;
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

/** Questions for one page; what they do not bring is left out. */
const MAX_QUESTIONS = 20;
/** An id that no source has: an answer without matches still says what was applied. */
const NO_ID = '0-chartwitness-none';

/**
 * What comes beside the matches of a page whose source pages lacked it, because one match with it was too
 * large. Only the matches that are to be given are asked about. So a withheld one, however large, changes
 * neither what comes beside the others nor what the answer says was applied. Where a question's answer is
 * too large, its halves are asked; beside a single match that is too large with it, nothing comes.
 * @throws what the source throws, but not where `endsEarly`.
 */
export async function includedBeside(
  { foreseen, besides }: Pick<FilledPage, 'foreseen' | 'besides'>,
  means: IncludeMeans,
): Promise<IncludedBeside> {
  const known = new Map(besides.map((candidate) => [keyOf(candidate), candidate]));
  let applied: URLSearchParams | undefined;
  const ids = foreseen.flatMap(({ resource: { id } }) => id ?? []);
  const waiting: (readonly string[])[] = [ids.length === 0 ? [NO_ID] : ids];
  for (let questions = 0; questions < MAX_QUESTIONS; questions += 1) {
    const some = waiting.shift();
    if (some === undefined) {
      break;
    }
    const page = await askFor(some, means);
    if (page === 'ended') {
      break;
    }
    if (page === 'too large') {
      waiting.unshift(...halvesOf(some));
      continue;
    }
    applied ??= page.self ?? new URLSearchParams();
    for (const entry of page.entries.filter(({ mode }) => mode === 'include')) {
      const candidate = means.chooser.choose(entry);
      if (candidate !== undefined && !known.has(keyOf(candidate))) {
        known.set(keyOf(candidate), candidate);
      }
    }
  }
  return { besides: withRoom(foreseen, [...known.values()], means), applied };
}

async function askFor(
  ids: readonly string[],
  { search, endsEarly }: IncludeMeans,
): Promise<SourcePage | 'too large' | 'ended'> {
  if (endsEarly()) {
    return 'ended';
  }
  try {
    return await search(ids);
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

function halvesOf(ids: readonly string[]): readonly (readonly string[])[] {
  const middle = Math.ceil(ids.length / 2);
  return ids.length === 1 ? [] : [ids.slice(0, middle), ids.slice(middle)];
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
