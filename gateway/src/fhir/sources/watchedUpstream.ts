// SPDX-License-Identifier: Apache-2.0
import type { Logger } from 'pino';
import type { Handling } from '../appliedParameters';
import { elements, type FhirResource } from '../resource';
import type { FactsReader } from '../resourceFacts';
import { isPatientType } from '../resourceTypes';
import { sourceFailed } from './sourceFailed';
import type { LabelTrust, Room, SourcePage, SourceReadiness, Upstream } from './upstream';

export interface WatchOptions {
  readonly facts: FactsReader;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly log: Pick<Logger, 'warn' | 'info'>;
}

const BINDING = ['patient', 'subject', 'patient:Patient', 'subject:Patient'];
const MAX_SHOWN_BASES = 3;
/** A gateway that is not ready gets no requests, so no whole answer could end the fault. */
const FAULT_KEPT_MS = 5 * 60_000;
/**
 * What it takes to hold a source for wrongly set up: one odd search, of any client, must not stop the
 * gateway.
 */
const CERTAIN_PATIENTS = 3;
const CERTAIN_TYPES = 2;

/**
 * A source whose answers are looked at for faults of set-up, so that a patient who is there does not look
 * absent. An answer for one patient of which no resource names this patient under the source's own base is
 * UPSTREAM_FAILED, if the source has the patient. Readiness says so for 5 minutes, or until an answer is
 * whole. Not ready it is after the same for three patients and two types, if no answer has been whole since
 * the start: a source that once answered rightly is set up rightly, and what it answers otherwise is for one
 * kind of search. What the source says about parameters that it did not apply goes to the operator's log, by
 * code: its words may quote data.
 */
export class WatchedUpstream implements Upstream {
  protected readonly inner: Upstream;
  protected readonly watch: Watch;

  constructor(inner: Upstream, watch: Watch) {
    this.inner = inner;
    this.watch = watch;
  }

  get baseUrl(): string | undefined {
    return this.inner.baseUrl;
  }

  get labels(): LabelTrust {
    return this.inner.labels;
  }

  within(room: Room, hurry?: AbortSignal): Upstream {
    return new WatchedUpstream(this.inner.within(room, hurry), this.watch);
  }

  read(type: string, id: string, signal: AbortSignal): Promise<FhirResource | undefined> {
    return this.inner.read(type, id, signal);
  }

  async search(
    type: string,
    parameters: URLSearchParams,
    signal: AbortSignal,
    handling?: Handling,
  ): Promise<SourcePage> {
    const page = await this.inner.search(type, parameters, signal, handling);
    this.watch.tell(page);
    const patientId = patientIn(parameters);
    if (patientId !== undefined && !this.watch.isWhole(page, patientId)) {
      await this.#assertAbsent(page, { patientId, type, signal });
    }
    return page;
  }

  async everything(
    patientId: string,
    parameters: URLSearchParams,
    signal: AbortSignal,
  ): Promise<SourcePage | undefined> {
    const page = await this.inner.everything(patientId, parameters, signal);
    if (page === undefined) {
      return undefined;
    }
    this.watch.tell(page);
    if (!this.watch.isWhole(page, patientId)) {
      await this.#assertAbsent(page, { patientId, type: '$everything', signal });
    }
    return page;
  }

  async page(next: string, signal: AbortSignal): Promise<SourcePage> {
    const page = await this.inner.page(next, signal);
    this.watch.tell(page);
    return page;
  }

  async isReady(): Promise<SourceReadiness> {
    const readiness = await this.inner.isReady();
    return (readiness.ready ? this.watch.finding() : undefined) ?? readiness;
  }

  /** @throws AppError UPSTREAM_FAILED where the source has the patient, whom no data on the page name. */
  async #assertAbsent(page: SourcePage, { patientId, type, signal }: Question): Promise<void> {
    if ((await this.inner.read('Patient', patientId, signal)) !== undefined) {
      throw sourceFailed(this.watch.fault(page, patientId, type));
    }
  }
}

/** What all readings of one source find together. */
export class Watch {
  readonly #options: WatchOptions;
  readonly #findings: Findings;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#findings = new Findings(options.clock);
  }

  /** Whether no data on the page are a patient's, or some are of this one. */
  isWhole(page: SourcePage, patientId: string): boolean {
    const { facts } = this.#options;
    const found = patientDataOf(page);
    if (found.some((resource) => mayConcern(resource, patientId, facts))) {
      this.#findings.whole();
      return true;
    }
    return found.length === 0;
  }

  /** @returns what is wrong. */
  fault(page: SourcePage, patientId: string, type: string): string {
    const reason = faultOf(patientDataOf(page), this.#options.facts);
    this.#findings.fault(reason, patientId, type);
    return reason;
  }

  finding(): SourceReadiness | undefined {
    return this.#findings.current();
  }

  tell({ outcomes }: SourcePage): void {
    tellOutcomes(outcomes, this.#options.log);
  }
}

function patientDataOf({ entries }: SourcePage): readonly FhirResource[] {
  return entries.map(({ resource }) => resource).filter(isPatientData);
}

interface Question {
  readonly patientId: string;
  /** Searched, or `$everything`. */
  readonly type: string;
  readonly signal: AbortSignal;
}

/** What the answers so far say about how the source is set up. */
class Findings {
  readonly #clock: () => number;
  readonly #patients = new Set<string>();
  readonly #types = new Set<string>();
  #last: { readonly reason: string; readonly until: number } | undefined;
  #hasBeenWhole = false;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  whole(): void {
    this.#hasBeenWhole = true;
    this.#last = undefined;
    this.#patients.clear();
    this.#types.clear();
  }

  fault(reason: string, patientId: string, type: string): void {
    this.#last = { reason, until: this.#clock() + FAULT_KEPT_MS };
    if (!this.#hasBeenWhole && this.#patients.size < CERTAIN_PATIENTS) {
      this.#patients.add(patientId);
    }
    if (!this.#hasBeenWhole && this.#types.size < CERTAIN_TYPES) {
      this.#types.add(type);
    }
  }

  /** undefined while there is nothing to say. */
  current(): SourceReadiness | undefined {
    if (this.#last === undefined || this.#clock() >= this.#last.until) {
      return undefined;
    }
    const isCertain = this.#patients.size >= CERTAIN_PATIENTS && this.#types.size >= CERTAIN_TYPES;
    return { ready: !isCertain, detail: this.#last.reason };
  }
}

function isPatientData({ resourceType }: FhirResource): boolean {
  return resourceType !== 'Patient' && isPatientType(resourceType);
}

function patientIn(parameters: URLSearchParams): string | undefined {
  const name = BINDING.find((one) => parameters.has(one));
  return name === undefined ? undefined : parameters.get(name)?.split('/').at(-1);
}

/**
 * Names the patient by id, or somebody by a national identifier, which the source's Patient must tell about.
 */
function mayConcern(resource: FhirResource, patientId: string, facts: FactsReader): boolean {
  const { patientIds, patientIdentifiers } = facts(resource);
  return patientIds.has(patientId) || patientIdentifiers.length > 0;
}

function faultOf(found: readonly FhirResource[], facts: FactsReader): string {
  const bases = new Set(found.flatMap((resource) => [...facts(resource).strangeBases].filter(isWebUrl)));
  const shown = [...bases].sort().slice(0, MAX_SHOWN_BASES).join(', ');
  return bases.size > 0
    ? `what the source gives for a patient names patients under another base (${shown}); if that is the same server, name it in UPSTREAM_ALIASES`
    : 'nothing of what the source gives for a patient names this patient: does it apply the patient parameter?';
}

function isWebUrl(text: string): boolean {
  return /^https?:\/\/[\w.:[\]-]{1,255}(?:\/[\w.~-]{1,64}){0,6}$/.test(text);
}

function tellOutcomes(outcomes: readonly FhirResource[], log: Pick<Logger, 'info'>): void {
  const codes = outcomes.flatMap(({ issue }) =>
    elements(issue).map(({ code }) => (typeof code === 'string' && /^[a-z-]{1,32}$/.test(code) ? code : '?')),
  );
  if (codes.length > 0) {
    log.info({ codes: [...new Set(codes)] }, 'the source remarked on a search');
  }
}
