// SPDX-License-Identifier: Apache-2.0
import { coversType, type ScopeLetter } from '../auth/systemScopes';
import { AppError } from '../errors';
import { appliedParameters } from '../fhir/appliedParameters';
import { BY_REFERENCE, includeRules } from '../fhir/includes';
import { type Candidate, recordedLabels } from '../fhir/itemGroups';
import type { SearchRequest } from '../fhir/searchRequest';
import type { BoundPatient } from '../fhir/subject';
import { type AccessRecorder, createAbsence } from './absence';
import type { AccessContext } from './accessContext';
import { answerPage, type PageAnswer, type PageTask } from './answerPage';
import type { Chooser } from './chooseCandidates';
import { Choosing, type ChoosingDependencies, type Found } from './choosing';
import { completeDirectories } from './directories';
import type { EverythingRequest } from './everythingRequest';
import type { UnboundedWish } from './filledPage';
import { includedBeside } from './includedBeside';
import { inTime, noRoom, tooLarge } from './inTime';
import type { CursorUse } from './pageCursor';
import type { Place } from './pagedSource';
import type { Proposal } from './recordAccess';
import { Recording, type RecordingDependencies } from './recording';
import { includesOf } from './sources';

export interface AccessDependencies
  extends ChoosingDependencies, Omit<RecordingDependencies, 'absence' | 'log'> {
  readonly recorder: AccessRecorder;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Resolves after so many milliseconds. */
  readonly pause: (milliseconds: number) => Promise<void>;
}

/** What may be given out, and nothing else. */
export interface Released {
  readonly permitted: readonly Candidate[];
  /** Whether the decision withheld something. */
  readonly isPartial: boolean;
  /** The release was journalled because the ledger is away; the record follows. */
  readonly isLate: boolean;
}

export interface ReleasedPage extends Released {
  /** The parameters that took effect. */
  readonly self: URLSearchParams;
  /** Cursor of the next page; undefined when there is nothing more to give. */
  readonly next: string | undefined;
  /** Matches over all pages; undefined where that was not found out. */
  readonly total: number | undefined;
  /** Something may be given, but cannot: too large, or in an emergency not to be read. */
  readonly omits: boolean;
}

/**
 * The only way to clinical data. Each method fetches, has the ledger record the access, and returns only what
 * the recorded decision permits; it never returns before the record is committed (or, in an emergency while
 * the ledger is away, journalled). Throws AppError INSUFFICIENT_SCOPE, NOT_FOUND (read, everything),
 * BAD_REQUEST (cursor), EMERGENCY_INCOMPLETE, OVERLOADED (the source takes longer than the deadline), and
 * what source and recorder throw.
 */
export interface Access {
  read(type: string, id: string, context: AccessContext): Promise<Released>;
  search(search: SearchRequest, context: AccessContext): Promise<ReleasedPage>;
  everything(patientId: string, request: EverythingRequest, context: AccessContext): Promise<ReleasedPage>;
}

export function createAccess(dependencies: AccessDependencies): Access {
  const absence = createAbsence(dependencies);
  const { random, emergencyWithoutLedger, log, clock } = dependencies;
  const { recorder } = absence;
  const recording = { recorder, random, emergencyWithoutLedger, log, absence };
  const answer = <T>(context: AccessContext, work: (accessing: Accessing) => Promise<T>): Promise<T> =>
    inTime(context.deadline, () =>
      work(new Accessing(dependencies, new Recording(recording, context, clock()), context)),
    );
  return {
    read: (type, id, context) => answer(context, (accessing) => accessing.read(type, id)),
    search: (search, context) => answer(context, (accessing) => accessing.search(search)),
    everything: (patientId, request, context) =>
      answer(context, (accessing) => accessing.everything(patientId, request)),
  };
}

/** What is not to be given is decided on all the same. */
function proposalOf(candidate: Candidate): Pick<Proposal, 'matches' | 'further'> {
  const { resource, facts, isUnreadable = false } = candidate;
  return isUnreadable
    ? { matches: [], further: [{ type: resource.resourceType, labels: recordedLabels(facts), count: 1 }] }
    : { matches: [candidate], further: [] };
}

/** What is asked for on a page, apart from what holds for all of them. */
interface AskedPage extends Pick<PageTask, 'emptyType'>, Partial<Pick<PageTask, 'complete'>> {
  readonly wish: UnboundedWish;
}

/** One request on its way to its record. */
class Accessing {
  readonly #deps: AccessDependencies;
  readonly #context: AccessContext;
  readonly #choosing: Choosing;
  readonly #recording: Recording;

  constructor(dependencies: AccessDependencies, recording: Recording, context: AccessContext) {
    this.#deps = dependencies;
    this.#context = context;
    this.#choosing = new Choosing(dependencies, context);
    this.#recording = recording;
  }

  async read(type: string, id: string): Promise<Released> {
    this.#assertScope(type, 'r');
    const { entry, patient } = await this.#choosing.findResource(type, id);
    const bound = patient && (await this.#choosing.bind([patient]));
    if (entry === undefined || bound === undefined) {
      throw await this.#recording.absent(type);
    }
    const chooser = this.#choosing.chooser(bound, 'r', () => true);
    const candidate = chooser.choose(entry);
    this.#choosing.report(chooser);
    if (candidate === undefined) {
      throw await this.#recording.absent(type);
    }
    return this.#recordRead(candidate, bound);
  }

  async #recordRead(candidate: Candidate, bound: BoundPatient): Promise<Released> {
    const emptyType = candidate.resource.resourceType;
    const proposal: Proposal = { ...proposalOf(candidate), besides: [], rules: BY_REFERENCE, emptyType };
    const recorded = await this.#recording.record(proposal, bound, 'read');
    const isHidden =
      candidate.isUntold === true && (await this.#recording.mayHide(new Set([emptyType]), recorded, bound));
    if (candidate.isUnreadable === true && (isHidden || !recorded.decisions.includes(false))) {
      throw candidate.lacksRoom === true ? noRoom() : tooLarge();
    }
    return { ...recorded, isPartial: recorded.decisions.includes(false) };
  }

  async search(search: SearchRequest): Promise<ReleasedPage> {
    this.#assertScope(search.type, 's');
    if (this.#recording.isBlind) {
      await this.#recording.assertForeseen(search.type);
    }
    const { limits } = this.#deps;
    const { page } = search;
    const use: CursorUse = { clientId: this.#client, path: search.type, parameters: search.self };
    const wanted = search.countOnly ? 0 : Math.min(page.count ?? limits.defaultCount, limits.maxCount);
    const countsAll = search.countOnly || (search.counts && page.cursor === undefined);
    const start = this.#choosing.start(page, use, countsAll ? limits.sourceCount : wanted);
    const found = await this.#choosing.findBySearch(search, start);
    let applied: URLSearchParams | undefined;
    const selfLink = (): URLSearchParams =>
      page.cursor === undefined
        ? appliedParameters(search.type, search.self, applied ?? found.walk.applied)
        : search.self;
    const bound = await this.#choosing.bind(found.patients);
    if (bound === undefined) {
      await this.#recording.nothing(search.type, 'search');
      return { ...NOTHING, self: selfLink() };
    }
    const chooser = this.#choosing.chooser(bound, 's', found.source.isMatch);
    const rules = includeRules(search.type, search.upstream);
    const task = this.#task(found, start, bound, chooser, {
      emptyType: search.type,
      wish: { wanted, countsAll, rules, isPoolShared: false },
      ...(includesOf(search).length > 0 && {
        complete: async (filled, _isWhole, isBare) => {
          if (!isBare) {
            return filled.besides;
          }
          const included = await includedBeside(filled, this.#choosing.includeMeans(chooser, search));
          applied ??= included.applied;
          return included.besides;
        },
      }),
    });
    const answer = await answerPage(task, this.#recording.dependencies);
    this.#choosing.report(chooser);
    return this.#released(answer, selfLink(), use);
  }

  async everything(patientId: string, request: EverythingRequest): Promise<ReleasedPage> {
    this.#assertScope('Patient', 's');
    if (this.#recording.isBlind) {
      await this.#recording.assertForeseen('Patient');
    }
    const { limits } = this.#deps;
    const { page, self, upstream: asked } = request;
    const path = `Patient/${patientId}/$everything`;
    const use: CursorUse = { clientId: this.#client, path, parameters: self };
    const wanted = page.count === undefined ? limits.everythingCount : Math.min(page.count, limits.maxCount);
    const start = this.#choosing.start(page, use, wanted);
    const found = await this.#choosing.findEverything(patientId, asked, start);
    const bound = await this.#choosing.bind(found.patients);
    if (bound === undefined) {
      throw await this.#recording.absent('Patient');
    }
    const chooser = this.#choosing.chooser(bound, 's', found.source.isMatch);
    const means = this.#choosing.directoryMeans(chooser, asked);
    const task = this.#task(found, start, bound, chooser, {
      emptyType: 'Patient',
      wish: { wanted, countsAll: false, rules: BY_REFERENCE, isPoolShared: true },
      complete: async (filled, isWhole) =>
        isWhole && !found.walk.wasBare
          ? filled.besides
          : completeDirectories(filled.foreseen, filled.besides, means),
    });
    const answer = await answerPage(task, this.#recording.dependencies);
    this.#choosing.report(chooser);
    return this.#released(answer, self, use);
  }

  #task(
    { source, walk }: Found,
    start: Place,
    bound: BoundPatient,
    chooser: Chooser,
    { wish, emptyType, complete }: AskedPage,
  ): PageTask {
    return {
      source,
      walk,
      start,
      emptyType,
      complete,
      wish: this.#choosing.bounded(wish),
      means: this.#choosing.means(chooser),
      newForesight: (said) => this.#recording.foresight(bound, said),
      errand: this.#recording.errand(bound, 'search'),
      mayHide: (types, recorded) => this.#recording.mayHide(types, recorded, bound),
    };
  }

  get #client(): string {
    return this.#context.principal.requester.clientId;
  }

  #released(answer: PageAnswer, self: URLSearchParams, use: CursorUse): ReleasedPage {
    const next = answer.next && this.#deps.cursors.seal(answer.next, { ...use, parameters: self });
    return { ...answer, self, next };
  }

  #assertScope(type: string, letter: ScopeLetter): void {
    if (!coversType(this.#context.principal.scope, type, letter)) {
      throw new AppError('INSUFFICIENT_SCOPE', 'the scope does not cover the request', {
        expose: `The request needs the scope system/${type}.${letter}.`,
      });
    }
  }
}

const NOTHING: Omit<ReleasedPage, 'self'> = {
  permitted: [],
  isPartial: false,
  isLate: false,
  omits: false,
  next: undefined,
  total: 0,
};
