// SPDX-License-Identifier: Apache-2.0
import type { IdentifierTable } from '@chartwitness/chaincode/domain';
import type { Logger } from 'pino';
import type { ScopeLetter } from '../auth/systemScopes';
import { AppError } from '../errors';
import { widened } from '../fhir/identifierSearch';
import { includeRules } from '../fhir/includes';
import type { Candidate } from '../fhir/itemGroups';
import type { FhirResource, SearchEntry } from '../fhir/resource';
import type { FactsReader } from '../fhir/resourceFacts';
import { isPatientType } from '../fhir/resourceTypes';
import type { Page, SearchRequest } from '../fhir/searchRequest';
import { sourceFailed } from '../fhir/sources/sourceFailed';
import type { BoundPatient } from '../fhir/subject';
import { NoRoom, type PreparedUpstream } from '../fhir/sources/upstream';
import type { AccessContext } from './accessContext';
import type { PageTask } from './answerPage';
import { AskedPatients } from './askedPatients';
import { matchingPatients } from './boundPatient';
import { Chooser } from './chooseCandidates';
import type { DirectoryMeans } from './directories';
import type { PageWish, UnboundedWish } from './filledPage';
import type { IncludeMeans } from './includedBeside';
import type { AccessLimits } from './limits';
import type { CursorUse, PageCursors } from './pageCursor';
import { type PagedSource, type Place, sourceOf } from './pagedSource';
import type { Reading } from './reading';
import { PagedUpstream } from './pagedUpstream';
import { RequestAccount } from './requestAccount';
import { type ResolveDependencies, resolvePatient } from './resolvePatient';
import {
  everythingSource,
  gatherPatients,
  includesOf,
  ofThese,
  searchByIdentifierAlone,
  searchSource,
} from './sources';
import { SourceWalk } from './sourceWalk';

export interface ChoosingDependencies extends Pick<
  ResolveDependencies,
  'subjects' | 'localSubject' | 'findings'
> {
  readonly upstream: PreparedUpstream;
  readonly facts: FactsReader;
  /** Identifier systems of the network. */
  readonly table: IdentifierTable;
  readonly cursors: PageCursors;
  /** Bytes of a resource as it is given. */
  readonly sizeOf: (candidate: Candidate) => number;
  readonly limits: AccessLimits;
  /**
   * Told of each resource that is stepped over because it is too large, or in an emergency cannot be read.
   */
  readonly onUnreadable: (type: string) => void;
  readonly log: Logger;
}

/** What the source has for a request: where it is gone through from, and whose it is. */
export interface Found {
  readonly source: PagedSource;
  readonly walk: SourceWalk;
  readonly patients: readonly FhirResource[];
}

/** Share of the wanted matches that the source is asked for beyond them, and how many at least. */
const SPARE = 0.1;
const LEAST_SPARE = 2;

/**
 * Finds out for one request what there is, whose it is, and what of it may be asked of the ledger. Nothing is
 * recorded or given here.
 */
export class Choosing {
  readonly #deps: ChoosingDependencies;
  readonly #context: AccessContext;
  readonly #upstream: PreparedUpstream;
  readonly #reading: Reading;
  readonly #patients: AskedPatients;

  constructor(dependencies: ChoosingDependencies, context: AccessContext) {
    this.#deps = dependencies;
    this.#context = context;
    const account = new RequestAccount(context.room);
    this.#upstream = new PagedUpstream(account, dependencies.upstream, context.hurry);
    const { deadline, hurry, room } = context;
    this.#reading = {
      deadline,
      hurry,
      room,
      account,
      maxBytes: dependencies.limits.sourceBytes,
      onUnreadable: dependencies.onUnreadable,
      facts: dependencies.facts,
    };
    this.#patients = new AskedPatients(dependencies.upstream, dependencies.facts, this.#reading);
  }

  /**
   * A resource, and the patient whose it is. Of a type that concerns no single patient there is none: it has
   * no subject to record under.
   */
  async findResource(type: string, id: string): Promise<{ entry?: SearchEntry; patient?: FhirResource }> {
    if (!isPatientType(type)) {
      return {};
    }
    const entry = await this.#patients.entry(type, id);
    if (entry === undefined && type !== 'Patient') {
      // The source is asked as often as for what is there: its second answer takes time as well.
      await this.#patients.read(id);
    }
    const patient = entry && (await this.#patients.ofEntry(entry));
    return { ...(entry && { entry }), ...(patient && { patient }) };
  }

  /** Asks for the search's first stretch and for whom it is about. */
  async findBySearch(search: SearchRequest, start: Place): Promise<Found> {
    if (search.patient.kind === 'id') {
      const source = searchSource(search, this.#upstream, this.#reading);
      const { id } = search.patient;
      const walk = new SourceWalk(source, start);
      const [first, patient] = await Promise.all([walk.prefetch(), this.#patients.read(id)]);
      this.#patients.assertNotDenied(id, patient, first);
      return { source, walk, patients: patient === undefined ? [] : [patient] };
    }
    const asked = { ...search, upstream: widened(search, this.#deps.table) };
    const source = searchSource(asked, this.#upstream, this.#reading);
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

  async findEverything(patientId: string, asked: URLSearchParams, start: Place): Promise<Found> {
    const source = everythingSource(patientId, asked, this.#upstream, this.#reading);
    const walk = new SourceWalk(source, start);
    const [first, patient] = await Promise.all([walk.prefetch(), this.#patients.read(patientId)]);
    if (first === undefined && patient !== undefined) {
      throw sourceFailed('the source has a Patient, but answers to $everything that it is not there');
    }
    this.#patients.assertNotDenied(patientId, patient, first);
    return { source, walk, patients: patient === undefined ? [] : [patient] };
  }

  /** The one person whom the records are; undefined when to this caller there is nobody. */
  bind(patients: readonly FhirResource[]): Promise<BoundPatient | undefined> {
    const { subjects, localSubject, findings, upstream } = this.#deps;
    return resolvePatient(patients, this.#isEmergency, {
      subjects,
      localSubject,
      findings,
      upstreamBaseUrl: upstream.baseUrl,
      read: (id) => this.#patients.read(id),
    });
  }

  chooser(bound: BoundPatient, letter: ScopeLetter, isMatch: PagedSource['isMatch']): Chooser {
    const { subjects, facts } = this.#deps;
    return new Chooser({ bound, subjects, facts, scope: this.#context.principal.scope, letter, isMatch });
  }

  report({ foreign }: Chooser): void {
    if (foreign > 0) {
      this.#deps.log.warn(
        { count: foreign },
        'the source answered with resources that are not of the patient asked for',
      );
    }
  }

  /** With which a page is filled. */
  means(chooser: Chooser): PageTask['means'] {
    const { sizeOf, limits } = this.#deps;
    // It counts from the admission, as the recorder's deadline does.
    const { hurry } = this.#context;
    return {
      choose: (entry) => chooser.choose(entry),
      sizeOf,
      sourceCount: limits.sourceCount,
      stepsOver: this.#isEmergency,
      endsEarly: (error) =>
        error instanceof NoRoom ||
        (this.#isEmergency && (error instanceof AppError || hurry?.aborted === true)),
    };
  }

  /** With which directory resources are read beside a page. */
  directoryMeans(chooser: Chooser, asked: URLSearchParams): DirectoryMeans {
    const { deadline, hurry } = this.#context;
    return {
      read: (type, id, room, signal) => this.#upstream.within(room, hurry).read(type, id, signal),
      fits: (bytes) => this.#fits(bytes),
      sizeOf: this.#deps.sizeOf,
      chooser,
      types: asked.get('_type')?.split(','),
      deadline,
      hurry,
      log: this.#deps.log,
    };
  }

  /** With which what comes beside a page's matches is asked for, where the page lacks it. */
  includeMeans(chooser: Chooser, search: SearchRequest): IncludeMeans {
    const { deadline } = this.#context;
    const { sizeOf, table } = this.#deps;
    const { endsEarly } = this.means(chooser);
    return {
      search: (question) =>
        this.#upstream.search(
          search.type,
          ofThese({ upstream: widened(search, table) }, question),
          deadline,
          search.handling,
        ),
      page: (next) => this.#upstream.page(next, deadline),
      includes: includesOf(search),
      chooser,
      rules: includeRules(search.type, search.upstream),
      fits: (bytes) => this.#fits(bytes),
      sizeOf,
      endsEarly: (error) =>
        endsEarly(error) ||
        (search.handling === 'lenient' && error instanceof AppError && error.code === 'BAD_REQUEST'),
    };
  }

  /** Bounds what one answer gives, and what is kept of withheld data: for these no place is taken. */
  bounded({ wanted, countsAll, rules, isPoolShared }: UnboundedWish): PageWish {
    const { answerBytes } = this.#deps.limits;
    const { room } = this.#context;
    return {
      wanted,
      countsAll,
      rules,
      isPoolShared,
      fits: (bytes) => this.#fits(bytes),
      keeps: (bytes) => bytes <= Math.min(answerBytes, room.heldBytes),
      mayExceed: true,
    };
  }

  #fits(bytes: number): boolean {
    return bytes <= this.#deps.limits.answerBytes && this.#context.room.hasRoomFor(bytes);
  }

  /**
   * One more than wanted, which tells whether there is a next page, and a few that may be withheld without a
   * further question.
   */
  start({ cursor }: Page, use: CursorUse, wanted: number): Place {
    const spare = Math.max(LEAST_SPARE, Math.ceil(wanted * SPARE));
    const count = Math.min(wanted + 1 + spare, this.#deps.limits.sourceCount);
    return cursor === undefined ? { index: 0, position: 0, count } : this.#deps.cursors.open(cursor, use);
  }

  get #isEmergency(): boolean {
    return this.#context.emergency.kind === 'declared';
  }
}
