// SPDX-License-Identifier: Apache-2.0
import type { Action, IdentifierTable } from '@chartwitness/chaincode/domain';
import type { Logger } from 'pino';
import { coversType, type ScopeLetter } from '../auth/systemScopes';
import { AppError } from '../errors';
import { appliedParameters } from '../fhir/appliedParameters';
import { BY_REFERENCE, includeRules } from '../fhir/includes';
import { type Candidate, recordedLabels } from '../fhir/itemGroups';
import type { FhirResource } from '../fhir/resource';
import { widened } from '../fhir/identifierSearch';
import type { FactsReader } from '../fhir/resourceFacts';
import { isPatientType } from '../fhir/resourceTypes';
import type { Page, SearchRequest } from '../fhir/searchRequest';
import { sourceFailed } from '../fhir/sourceFailed';
import type { BoundPatient } from '../fhir/subject';
import { NoRoom, type PreparedUpstream } from '../fhir/upstream';
import type { EmergencyWithoutLedger } from '../recorder/recorder';
import type { AccessContext } from './accessContext';
import { type Absence, type AccessRecorder, createAbsence, type Inquiry } from './absence';
import { answerPage, type PageAnswer, type PageTask } from './answerPage';
import { AskedPatients } from './askedPatients';
import { matchingPatients } from './boundPatient';
import { type Chooser, createChooser } from './chooseCandidates';
import type { Passage } from './door';
import { completeDirectories, type DirectoryMeans } from './directories';
import type { EverythingRequest } from './everythingRequest';
import { ALL_PERMITTED, createForesight, type Foresight } from './foresight';
import type { AccessLimits } from './limits';
import { inTime, noRoom, tooLarge } from './inTime';
import type { CursorUse, PageCursors } from './pageCursor';
import { type PagedSource, type Place, sourceOf } from './pagedSource';
import { type Errand, foreseen, type Proposal, recordAccess, type Recorded } from './recordAccess';
import { type ResolveDependencies, resolvePatient } from './resolvePatient';
import type { Reading } from './reading';
import type { PageWish } from './fillPage';
import { RequestAccount } from './requestAccount';
import { everythingSource, gatherPatients, searchByIdentifierAlone, searchSource } from './sources';
import { SourceWalk } from './sourceWalk';

export interface AccessDependencies extends Pick<
  ResolveDependencies,
  'subjects' | 'localSubject' | 'findings'
> {
  readonly recorder: AccessRecorder;
  /** Decides on further numbers of a record in use that the own peer has no word on. */
  readonly emergencyWithoutLedger: EmergencyWithoutLedger;
  readonly upstream: PreparedUpstream;
  readonly facts: FactsReader;
  /** Identifier systems of the network. */
  readonly table: IdentifierTable;
  readonly cursors: PageCursors;
  /** Bytes of a resource as it is given. */
  readonly sizeOf: (candidate: Candidate) => number;
  readonly limits: AccessLimits;
  /** Told of each resource that is stepped over because it is too large, or in an emergency cannot be read. */
  readonly onUnreadable: (type: string) => void;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly random: (bytes: number) => Uint8Array;
  /** Resolves after so many milliseconds. */
  readonly pause: (milliseconds: number) => Promise<void>;
  readonly log: Logger;
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
 * The only way to clinical data. Each method fetches, has the ledger record the access, and returns only what the recorded decision
 * permits; it never returns before the record is committed (or, in an emergency while the ledger is away, journalled).
 * Throws AppError INSUFFICIENT_SCOPE, NOT_FOUND (read, everything), BAD_REQUEST (cursor), EMERGENCY_INCOMPLETE,
 * OVERLOADED (the source takes longer than the deadline), and what source and recorder throw.
 */
export interface Access {
  read(type: string, id: string, context: AccessContext): Promise<Released>;
  search(search: SearchRequest, context: AccessContext): Promise<ReleasedPage>;
  everything(patientId: string, request: EverythingRequest, context: AccessContext): Promise<ReleasedPage>;
}

/** Share of the wanted matches that the source is asked for beyond them, and how many at least. */
const SPARE = 0.1;
const LEAST_SPARE = 2;

export function createAccess(dependencies: AccessDependencies): Access {
  const absence = createAbsence(dependencies);
  /** The source is asked when it is this request's turn, as far as to its first record. */
  const inTurn = <T>(context: AccessContext, work: (accessing: Accessing) => Promise<T>): Promise<T> =>
    inTime(context.deadline, async () => {
      const { passage, deadline } = context;
      await passage.enter(deadline);
      try {
        return await work(new Accessing({ ...dependencies, ...leaving(passage, absence) }, context));
      } finally {
        passage.leave();
      }
    });
  return {
    read: (type, id, context) => inTurn(context, (accessing) => accessing.read(type, id)),
    search: (search, context) => inTurn(context, (accessing) => accessing.search(search)),
    everything: (patientId, request, context) =>
      inTurn(context, (accessing) => accessing.everything(patientId, request)),
  };
}

/** Whoever waits for the ledger keeps nobody from the source. */
function leaving(passage: Passage, absence: Absence): { recorder: AccessRecorder; absence: Absence } {
  const recorder: AccessRecorder = {
    ...absence.recorder,
    record: (parts, admittedAt) => {
      passage.leave();
      return absence.recorder.record(parts, admittedAt);
    },
  };
  return {
    recorder,
    absence: {
      recorder,
      assertForeseen: (type, inquiry) => absence.assertForeseen(type, inquiry),
      settle: (type, inquiry) => {
        passage.leave();
        return absence.settle(type, inquiry);
      },
    },
  };
}

/** What is not to be given is decided on all the same. */
function proposalOf(candidate: Candidate): Pick<Proposal, 'matches' | 'further'> {
  const { resource, facts, isUnreadable = false } = candidate;
  return isUnreadable
    ? { matches: [], further: [{ type: resource.resourceType, labels: recordedLabels(facts), count: 1 }] }
    : { matches: [candidate], further: [] };
}

type Means = AccessDependencies & { readonly absence: Absence };

/** One request on its way to its record. */
class Accessing {
  readonly #deps: Means;
  readonly #context: AccessContext;
  readonly #upstream: PreparedUpstream;
  readonly #reading: Reading;
  readonly #patients: AskedPatients;
  readonly #startedAt: number;

  constructor(dependencies: Means, context: AccessContext) {
    this.#deps = dependencies;
    this.#context = context;
    const account = new RequestAccount(context.room);
    this.#upstream = account.paged(dependencies.upstream, context.hurry);
    this.#reading = {
      ...context,
      account,
      maxBytes: dependencies.limits.sourceBytes,
      onUnreadable: dependencies.onUnreadable,
      facts: dependencies.facts,
    };
    this.#patients = new AskedPatients(dependencies.upstream, dependencies.facts, this.#reading);
    this.#startedAt = dependencies.clock();
  }

  async read(type: string, id: string): Promise<Released> {
    this.#assertScope(type, 'r');
    // A type that concerns no single patient has no subject to record under, so it is never released on its own.
    const entry = isPatientType(type) ? await this.#patients.entry(type, id) : undefined;
    if (entry === undefined && isPatientType(type) && type !== 'Patient') {
      // The source is asked as often as for what is there: its second answer takes time as well.
      await this.#patients.read(id);
    }
    const patient = entry && (await this.#patients.ofEntry(entry));
    const bound = patient && (await this.#bind([patient]));
    if (entry === undefined || bound === undefined) {
      throw await this.#absent(type);
    }
    const chooser = this.#chooser(bound, 'r', () => true);
    const candidate = chooser.choose(entry);
    this.#report(chooser);
    if (candidate === undefined) {
      throw await this.#absent(type);
    }
    return this.#recordRead(candidate, bound);
  }

  async #recordRead(candidate: Candidate, bound: BoundPatient): Promise<Released> {
    const emptyType = candidate.resource.resourceType;
    const recorded = await recordAccess(
      { ...proposalOf(candidate), besides: [], rules: BY_REFERENCE, emptyType },
      this.#errand(bound, 'read'),
      this.#deps,
    );
    const isHidden =
      candidate.isUntold === true && (await this.#mayHide(new Set([emptyType]), recorded, bound));
    if (candidate.isUnreadable === true && (isHidden || !recorded.decisions.includes(false))) {
      throw candidate.lacksRoom === true ? noRoom() : tooLarge();
    }
    return { ...recorded, isPartial: recorded.decisions.includes(false) };
  }

  async search(search: SearchRequest): Promise<ReleasedPage> {
    this.#assertScope(search.type, 's');
    await this.#deps.absence.assertForeseen(search.type, this.#inquiry('search'));
    const { limits } = this.#deps;
    const { page } = search;
    const use: CursorUse = { clientId: this.#client, path: search.type, parameters: search.self };
    const wanted = search.countOnly ? 0 : Math.min(page.count ?? limits.defaultCount, limits.maxCount);
    const countsAll = search.countOnly || (search.counts && page.cursor === undefined);
    const start = this.#start(page, use, countsAll ? limits.sourceCount : wanted);
    const found = await this.#openSearch(search, start);
    const self =
      page.cursor === undefined
        ? appliedParameters(search.type, search.self, found.walk.applied)
        : search.self;
    const bound = await this.#bind(found.patients);
    if (bound === undefined) {
      return { ...(await this.#nothing(search.type)), self };
    }
    const chooser = this.#chooser(bound, 's', found.source.isMatch);
    const task: PageTask = {
      ...found,
      start,
      wish: {
        wanted,
        ...this.#bounds(),
        countsAll,
        rules: includeRules(search.type, search.upstream),
        isPoolShared: false,
      },
      means: this.#means(chooser),
      newForesight: (said) => this.#foresight(bound, said),
      complete: (filled) => Promise.resolve(filled.besides),
      emptyType: search.type,
      errand: this.#errand(bound, 'search'),
      mayHide: (types, recorded) => this.#mayHide(types, recorded, bound),
    };
    return this.#released(await this.#answer(task, chooser), self, use);
  }

  async everything(patientId: string, request: EverythingRequest): Promise<ReleasedPage> {
    this.#assertScope('Patient', 's');
    await this.#deps.absence.assertForeseen('Patient', this.#inquiry('search'));
    const { limits } = this.#deps;
    const { page, self } = request;
    const use: CursorUse = {
      clientId: this.#client,
      path: `Patient/${patientId}/$everything`,
      parameters: self,
    };
    const wanted = page.count === undefined ? limits.everythingCount : Math.min(page.count, limits.maxCount);
    const start = this.#start(page, use, wanted);
    const source = everythingSource(patientId, request.upstream, this.#upstream, this.#reading);
    const walk = new SourceWalk(source, start);
    const [first, patient] = await Promise.all([walk.prefetch(), this.#patients.read(patientId)]);
    if (first === undefined && patient !== undefined) {
      throw sourceFailed('the source has a Patient, but answers to $everything that it is not there');
    }
    this.#patients.assertNotDenied(patientId, patient, first);
    const bound = patient && (await this.#bind([patient]));
    if (bound === undefined) {
      throw await this.#absent('Patient');
    }
    const chooser = this.#chooser(bound, 's', source.isMatch);
    const directoryMeans: DirectoryMeans = {
      read: (type, id, room, signal) =>
        this.#upstream.within(room, this.#context.hurry).read(type, id, signal),
      fits: this.#bounds().fits,
      sizeOf: this.#deps.sizeOf,
      chooser,
      types: request.upstream.get('_type')?.split(','),
      deadline: this.#context.deadline,
      hurry: this.#context.hurry,
      log: this.#deps.log,
    };
    const task: PageTask = {
      source,
      start,
      walk,
      wish: {
        wanted,
        ...this.#bounds(),
        countsAll: false,
        rules: BY_REFERENCE,
        isPoolShared: true,
      },
      means: this.#means(chooser),
      newForesight: (said) => this.#foresight(bound, said),
      complete: async (filled, isWhole) =>
        isWhole && !walk.wasByName
          ? filled.besides
          : completeDirectories(filled.foreseen, filled.besides, directoryMeans),
      emptyType: 'Patient',
      errand: this.#errand(bound, 'search'),
      mayHide: (types, recorded) => this.#mayHide(types, recorded, bound),
    };
    return this.#released(await this.#answer(task, chooser), self, use);
  }

  /** Of what one answer gives, and of what is kept of withheld data: for these no place is taken. */
  #bounds(): Pick<PageWish, 'fits' | 'keeps' | 'mayExceed'> {
    const { answerBytes } = this.#deps.limits;
    const { room } = this.#context;
    return {
      fits: (bytes) => bytes <= answerBytes && room.hasRoomFor(bytes),
      keeps: (bytes) => bytes <= Math.min(answerBytes, room.heldBytes),
      mayExceed: true,
    };
  }

  get #client(): string {
    return this.#context.principal.requester.clientId;
  }

  get #isEmergency(): boolean {
    return this.#context.emergency.kind === 'declared';
  }

  /** One more than wanted, which tells whether there is a next page, and a few that may be withheld without a further question. */
  #start({ cursor }: Page, use: CursorUse, wanted: number): Place {
    const spare = Math.max(LEAST_SPARE, Math.ceil(wanted * SPARE));
    const count = Math.min(wanted + 1 + spare, this.#deps.limits.sourceCount);
    return cursor === undefined ? { index: 0, position: 0, count } : this.#deps.cursors.open(cursor, use);
  }

  /** Asks for the search's first stretch and for whom it is about. */
  async #openSearch(
    search: SearchRequest,
    start: Place,
  ): Promise<{ source: PagedSource; walk: SourceWalk; patients: readonly FhirResource[] }> {
    const asked = { ...search, upstream: widened(search, this.#deps.table) };
    const source = searchSource(asked, this.#upstream, this.#reading);
    if (search.patient.kind === 'id') {
      const { id } = search.patient;
      const walk = new SourceWalk(source, start);
      const [first, patient] = await Promise.all([walk.prefetch(), this.#patients.read(id)]);
      this.#patients.assertNotDenied(id, patient, first);
      return { source, walk, patients: patient === undefined ? [] : [patient] };
    }
    // Whom an identifier names is known once all Patients that it matches are at hand.
    const alone = searchByIdentifierAlone(asked);
    const named = alone === undefined ? source : searchSource(alone, this.#upstream, this.#reading);
    const { entries, page } = await gatherPatients(named, this.#deps.limits.sourceCount);
    const patients = matchingPatients(entries, search.patient, this.#deps.table);
    const isAtHand = alone === undefined && page !== undefined && start.next === undefined;
    const paged = isAtHand ? sourceOf(page, source.isMatch) : source;
    const walk = new SourceWalk(paged, start);
    await walk.prefetch();
    return { source: paged, walk, patients };
  }

  /** The one person whom the records are; undefined when to this caller there is nobody. */
  #bind(patients: readonly FhirResource[]): Promise<BoundPatient | undefined> {
    return resolvePatient(patients, this.#isEmergency, {
      ...this.#deps,
      upstreamBaseUrl: this.#upstream.baseUrl,
      read: (id) => this.#patients.read(id),
    });
  }

  #chooser(bound: BoundPatient, letter: ScopeLetter, isMatch: PagedSource['isMatch']): Chooser {
    const { subjects, facts } = this.#deps;
    return createChooser({ bound, subjects, facts, scope: this.#context.principal.scope, letter, isMatch });
  }

  #report({ foreign }: Chooser): void {
    if (foreign > 0) {
      this.#deps.log.warn(
        { count: foreign },
        'the source answered with resources that are not of the patient asked for',
      );
    }
  }

  #means(chooser: Chooser): PageTask['means'] {
    const { sizeOf, limits } = this.#deps;
    // It counts from the admission, as the recorder's deadline does.
    const { hurry } = this.#context;
    return {
      choose: chooser.choose,
      sizeOf,
      sourceCount: limits.sourceCount,
      stepsOver: this.#isEmergency,
      endsEarly: (error) =>
        error instanceof NoRoom ||
        (this.#isEmergency && (error instanceof AppError || hurry?.aborted === true)),
    };
  }

  #foresight(bound: BoundPatient, said: ReadonlyMap<string, boolean>): Foresight {
    if (this.#context.emergency.kind === 'incomplete') {
      return ALL_PERMITTED;
    }
    const errand = this.#errand(bound, 'search');
    return createForesight((kinds) => foreseen(kinds, errand, this.#deps), this.#isEmergency, said);
  }

  /**
   * In an emergency what nobody read is decided on as carrying every label, which a rule about any of them denies. Where the rules would give
   * it without a label, nobody knows whether they deny it. While the own peer has no word, that counts as so where anything is given.
   */
  async #mayHide(
    types: ReadonlySet<string>,
    { decisions }: Pick<Recorded, 'decisions'>,
    bound: BoundPatient,
  ): Promise<boolean> {
    if (types.size === 0 || !this.#isEmergency) {
      return false;
    }
    try {
      const kinds = [...types].map((type) => ({ type, labels: [] }));
      return (await foreseen(kinds, this.#errand(bound, 'search'), this.#deps)).includes(true);
    } catch (error) {
      this.#deps.log.warn({ err: error }, 'the own peer has no word on what was not read in an emergency');
      return decisions.includes(true);
    }
  }

  #errand({ subject, formerSubjects, besideSubjects }: BoundPatient, action: Action): Errand {
    return { ...this.#inquiry(action), subject, formerSubjects, besideSubjects };
  }

  #inquiry(action: Action): Inquiry {
    const { principal, emergency, admittedAt } = this.#context;
    return { principal, emergency, admittedAt, action, requestedAt: new Date(this.#startedAt).toISOString() };
  }

  async #answer(task: PageTask, chooser: Chooser): Promise<PageAnswer> {
    const answer = await answerPage(task, this.#deps);
    this.#report(chooser);
    return answer;
  }

  #released({ next, ...answer }: PageAnswer, self: URLSearchParams, use: CursorUse): ReleasedPage {
    const cursor = next && this.#deps.cursors.seal(next, { ...use, parameters: self });
    return { ...answer, self, next: cursor };
  }

  #assertScope(type: string, letter: ScopeLetter): void {
    if (!coversType(this.#context.principal.scope, type, letter)) {
      throw new AppError('INSUFFICIENT_SCOPE', 'the scope does not cover the request', {
        expose: `The request needs the scope system/${type}.${letter}.`,
      });
    }
  }

  /** The answer for what is not there, after the declaration of an emergency was checked as it is for what is there. */
  async #absent(type: string): Promise<AppError> {
    await this.#deps.absence.settle(type, this.#inquiry('read'));
    return new AppError('NOT_FOUND', 'nothing to release');
  }

  /** Nothing was there to ask for: what a denial must not be told from. */
  async #nothing(type: string): Promise<Omit<ReleasedPage, 'self'>> {
    await this.#deps.absence.settle(type, this.#inquiry('search'));
    return { permitted: [], isPartial: false, isLate: false, omits: false, next: undefined, total: 0 };
  }
}
