// SPDX-License-Identifier: Apache-2.0
import type { AccessRequest, Action } from '@chartwitness/chaincode/domain';
import type { Logger } from 'pino';
import type { Principal } from '../auth/principal';
import { coversType, type ScopeLetter } from '../auth/scopes';
import { AppError } from '../errors';
import { gatherPages } from '../fhir/gatherPages';
import { groupItems, isRecordable, type Candidate } from '../fhir/itemGroups';
import { keyOf } from '../fhir/release';
import type { FhirResource, SearchEntry } from '../fhir/resource';
import { identifiersIn, type FactsReader } from '../fhir/resourceFacts';
import { isDirectoryType, isPatientType } from '../fhir/resourceTypes';
import type { SearchRequest } from '../fhir/searchRequest';
import { ownershipOf, type BoundPatient, type Subjects } from '../fhir/subject';
import type { Upstream } from '../fhir/upstream';
import type { Recorder } from '../recorder/recorder';
import { emergencyIncomplete, type EmergencyDeclaration } from './breakGlass';

export interface AccessDependencies {
  readonly recorder: Pick<Recorder, 'record'>;
  readonly upstream: Upstream;
  readonly subjects: Subjects;
  readonly facts: FactsReader;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly random: (bytes: number) => Uint8Array;
  readonly log: Logger;
}

/** One authenticated request. */
export interface AccessContext {
  readonly principal: Principal;
  readonly emergency: EmergencyDeclaration;
  /** Aborts when the caller is gone. */
  readonly signal: AbortSignal;
}

/** What may be given out, and nothing else. */
export interface Released {
  readonly permitted: readonly Candidate[];
  /** Whether the decision withheld something. */
  readonly isPartial: boolean;
  /** The release was journalled because the ledger is away; the record follows. */
  readonly isLate: boolean;
  /** Of a search: the parameters that the source says it applied. */
  readonly applied?: URLSearchParams | undefined;
}

/**
 * The only way to clinical data. Each method fetches, has the ledger record the access, and returns only what the recorded decision
 * permits; it never returns before the record is committed (or, in an emergency while the ledger is away, journalled).
 * Throws AppError INSUFFICIENT_SCOPE, NOT_FOUND (read), SUBJECT_UNIDENTIFIED, EMERGENCY_INCOMPLETE, TOO_COSTLY, and what source and recorder throw.
 */
export interface Access {
  read(type: string, id: string, context: AccessContext): Promise<Released>;
  search(search: SearchRequest, context: AccessContext): Promise<Released>;
  everything(patientId: string, parameters: URLSearchParams, context: AccessContext): Promise<Released>;
}

/** Nothing was there to ask for: what a denial must not be told from. */
const NOTHING: Released = { permitted: [], isPartial: false, isLate: false };

export function createAccess(dependencies: AccessDependencies): Access {
  const gate = new Gate(dependencies);
  return {
    read: (type, id, context) => gate.read(type, id, context),
    search: (search, context) => gate.search(search, context),
    everything: (patientId, parameters, context) => gate.everything(patientId, parameters, context),
  };
}

/** Of one page of the source. */
const PAGE_SIZE = '200';

function withPageSize(parameters: URLSearchParams): URLSearchParams {
  const all = new URLSearchParams(parameters);
  all.set('_count', PAGE_SIZE);
  return all;
}

class Gate {
  readonly #deps: AccessDependencies;

  constructor(dependencies: AccessDependencies) {
    this.#deps = dependencies;
  }

  async read(type: string, id: string, context: AccessContext): Promise<Released> {
    assertScope(context, type, 'r');
    // A type that concerns no single patient has no subject to record under, so it is never released on its own.
    const resource = isPatientType(type)
      ? await this.#deps.upstream.read(type, id, context.signal)
      : undefined;
    const patient = resource && (await this.#patientOf(resource, context));
    if (resource === undefined || patient === undefined) {
      throw absent(context);
    }
    const bound = this.#bind([patient]);
    const candidates = this.#candidates([{ resource, mode: 'match' }], bound, context, 'r', type);
    if (candidates.length === 0) {
      throw absent(context);
    }
    const released = await this.#record(candidates, bound, 'read', type, context);
    return released;
  }

  async search(search: SearchRequest, context: AccessContext): Promise<Released> {
    assertScope(context, search.type, 's');
    const { upstream } = this.#deps;
    const [first, patients] = await Promise.all([
      upstream.search(search.type, withPageSize(search.upstream), context.signal, search.handling),
      search.patient.kind === 'id' ? this.#readPatient(search.patient.id, context) : undefined,
    ]);
    const entries = await gatherPages(upstream, first, context.signal);
    const found = patients ?? matchingPatients(entries, search);
    const applied = first.self;
    if (found.length === 0) {
      return { ...nothing(context), applied };
    }
    const bound = this.#bind(found);
    const candidates = this.#candidates(entries, bound, context, 's', search.type);
    return { ...(await this.#record(candidates, bound, 'search', search.type, context)), applied };
  }

  async everything(
    patientId: string,
    parameters: URLSearchParams,
    context: AccessContext,
  ): Promise<Released> {
    assertScope(context, 'Patient', 's');
    const { upstream } = this.#deps;
    const [first, patients] = await Promise.all([
      upstream.everything(patientId, withPageSize(parameters), context.signal),
      this.#readPatient(patientId, context),
    ]);
    if (first === undefined || patients.length === 0) {
      throw absent(context);
    }
    const entries = await gatherPages(upstream, first, context.signal);
    const bound = this.#bind(patients);
    const candidates = this.#candidates(entries, bound, context, 's', undefined);
    return this.#record(candidates, bound, 'search', 'Patient', context);
  }

  async #readPatient(id: string, context: AccessContext): Promise<readonly FhirResource[]> {
    const patient = await this.#deps.upstream.read('Patient', id, context.signal);
    return patient === undefined ? [] : [patient];
  }

  /** The patient that a resource belongs to; undefined when it names none or several. */
  async #patientOf(resource: FhirResource, context: AccessContext): Promise<FhirResource | undefined> {
    if (resource.resourceType === 'Patient') {
      return resource;
    }
    const [id, ...others] = this.#deps.facts(resource).patientIds;
    return id === undefined || others.length > 0
      ? undefined
      : this.#deps.upstream.read('Patient', id, context.signal);
  }

  #bind(patients: readonly FhirResource[]): BoundPatient {
    const [subject, ...others] = new Set(patients.map((patient) => this.#deps.subjects.ofPatient(patient)));
    if (others.length > 0) {
      throw new AppError('UNBOUND_SEARCH', 'the identifier matches several persons', {
        expose: 'The identifier does not name exactly one patient.',
      });
    }
    if (subject === undefined) {
      throw new AppError('SUBJECT_UNIDENTIFIED', 'no or ambiguous national identifier', {
        expose:
          'The patient’s record lacks the identifier by which accesses are recorded; add it at the source.',
      });
    }
    return { subject, ids: new Set(patients.flatMap(({ id }) => (id === undefined ? [] : [id]))) };
  }

  /**
   * What of the source's answer may be asked of the ledger at all: the patient's own resources and directory resources beside them, of
   * types within the token's scope, each once.
   * @param matchType type that a match must have; undefined for an operation, where everything is a match.
   */
  #candidates(
    entries: readonly SearchEntry[],
    bound: BoundPatient,
    context: AccessContext,
    letter: ScopeLetter,
    matchType: string | undefined,
  ): readonly Candidate[] {
    const chosen = new Map<string, Candidate>();
    let foreign = 0;
    for (const entry of entries) {
      const candidate = this.#candidate(entry, matchType);
      if (
        candidate === undefined ||
        !coversType(context.principal.scope, entry.resource.resourceType, letter)
      ) {
        continue;
      }
      if (!this.#belongs(candidate, bound, matchType)) {
        foreign += 1;
        continue;
      }
      const key = keyOf(candidate);
      chosen.set(key, merged(chosen.get(key), candidate));
    }
    if (foreign > 0) {
      this.#deps.log.warn(
        { count: foreign },
        'the source answered with resources that are not of the patient asked for',
      );
    }
    return [...chosen.values()];
  }

  #candidate({ resource, mode }: SearchEntry, matchType: string | undefined): Candidate | undefined {
    const facts = this.#deps.facts(resource);
    const isMatch = matchType === undefined || (mode !== 'include' && resource.resourceType === matchType);
    if (mode === 'outcome' || !isRecordable(resource, facts)) {
      return undefined;
    }
    return { resource, facts, mode: isMatch ? 'match' : 'include' };
  }

  #belongs(
    { resource, facts, mode }: Candidate,
    bound: BoundPatient,
    matchType: string | undefined,
  ): boolean {
    const ownership = ownershipOf(facts, bound, this.#deps.subjects);
    if (isPatientType(resource.resourceType)) {
      return ownership === 'own';
    }
    const isBesides = mode === 'include' || matchType === undefined;
    return isDirectoryType(resource.resourceType) && isBesides && ownership === 'nobody';
  }

  async #record(
    candidates: readonly Candidate[],
    bound: BoundPatient,
    action: Action,
    emptyType: string,
    context: AccessContext,
  ): Promise<Released> {
    const { items, itemOf } = groupItems(candidates, emptyType);
    const { principal, emergency } = context;
    const request: AccessRequest = {
      id: this.#token(),
      salt: this.#token(),
      subject: bound.subject,
      requester: principal.requester,
      purpose: principal.purpose,
      action,
      emergency: emergency.kind === 'declared' ? emergency.emergency : null,
      items,
      requestedAt: new Date(this.#deps.clock()).toISOString(),
      late: false,
    };
    const [outcome] = await this.#deps.recorder.record([request]);
    if (emergency.kind === 'incomplete') {
      throw emergencyIncomplete(emergency.problem);
    }
    if (outcome?.permitted.length !== items.length) {
      throw new AppError('INTERNAL', 'the recorder answered for another number of items');
    }
    const permitted = candidates.filter(
      (_candidate, index) => outcome.permitted[itemOf[index] ?? -1] === true,
    );
    return {
      permitted,
      isPartial: outcome.permitted.includes(false),
      isLate: outcome.late && permitted.length > 0,
    };
  }

  /** 128 random bits. */
  #token(): string {
    return Buffer.from(this.#deps.random(16)).toString('base64url');
  }
}

/**
 * One candidate for a resource that the source gave twice, on two pages or as match and include: a match if either is, and as sensitive
 * as both together, since it may have been labelled in between.
 */
function merged(first: Candidate | undefined, second: Candidate): Candidate {
  if (first === undefined) {
    return second;
  }
  const labels = [...new Set([...first.facts.labels, ...second.facts.labels])].sort();
  const mode = first.mode === 'match' ? first.mode : second.mode;
  return { resource: first.resource, facts: { ...first.facts, labels }, mode };
}

function assertScope({ principal }: AccessContext, type: string, letter: ScopeLetter): void {
  if (!coversType(principal.scope, type, letter)) {
    throw new AppError('INSUFFICIENT_SCOPE', 'the scope does not cover the request', {
      expose: `The request needs the scope system/${type}.${letter}.`,
    });
  }
}

/** The answer for what is not there, after the declaration of an emergency was checked as it is for what is there. */
function absent({ emergency }: AccessContext): AppError {
  return emergency.kind === 'incomplete'
    ? emergencyIncomplete(emergency.problem)
    : new AppError('NOT_FOUND', 'nothing to release');
}

function nothing({ emergency }: AccessContext): Released {
  if (emergency.kind === 'incomplete') {
    throw emergencyIncomplete(emergency.problem);
  }
  return NOTHING;
}

/** The Patients that a search by identifier truly matched, whatever else the source put in its answer. */
function matchingPatients(
  entries: readonly SearchEntry[],
  { patient }: SearchRequest,
): readonly FhirResource[] {
  if (patient.kind === 'id') {
    return [];
  }
  return entries
    .filter(({ resource, mode }) => resource.resourceType === 'Patient' && (mode ?? 'match') === 'match')
    .map(({ resource }) => resource)
    .filter((resource) =>
      identifiersIn(resource, [patient.system]).some(({ value }) => value === patient.value),
    );
}
