// SPDX-License-Identifier: Apache-2.0
import type { FhirResource, SearchEntry } from '../fhir/resource';
import type { FactsReader } from '../fhir/resourceFacts';
import { sourceFailed } from '../fhir/sources/sourceFailed';
import { NoRoom, PageTooLarge, type PreparedUpstream } from '../fhir/sources/upstream';
import { patientNamedBy } from './boundPatient';
import { lookAt, nameAlone } from './looking';
import { PagedUpstream } from './pagedUpstream';
import { nameOf } from './piecemeal';
import type { Reading } from './reading';
import type { Stretch } from './pagedSource';
import type { Kept } from './requestAccount';

/**
 * A Patient of so many bytes stays as it was read. All that one request reads, some twenty, then keep to what
 * always comes beside its pages.
 */
const WHOLE_BYTES = 8 * 1024;

const DENIED = 'the source has data of a patient, but answers that this Patient is not there';

/** Reads whom one request is about. All methods throw what the source throws. */
export class AskedPatients {
  /** Its answers do not count as the request's pages. */
  readonly #upstream: PreparedUpstream;
  readonly #facts: FactsReader;
  readonly #reading: Reading;

  constructor(upstream: PreparedUpstream, facts: FactsReader, reading: Reading) {
    this.#upstream = upstream;
    this.#facts = facts;
    this.#reading = reading;
  }

  /**
   * A Patient, for who it is only: of the content of a large one nothing stays in memory. One that is too
   * large is asked for by name. undefined: not there.
   * @throws PageTooLarge where the source does not tell these apart; absence would be said of somebody who is
   *   there.
   */
  async read(id: string): Promise<FhirResource | undefined> {
    const { deadline, hurry, account } = this.#reading;
    try {
      return await account.aside(
        (room) => this.#upstream.within(room, hurry).read('Patient', id, deadline),
        whoItIs,
      );
    } catch (error) {
      if (!(error instanceof PageTooLarge)) {
        throw error;
      }
      const name = await this.#name('Patient', id, error);
      if (name === undefined) {
        throw error;
      }
      return name.resource;
    }
  }

  /** A resource to be given; of one that is too large, or without room, its name and whose it is. */
  async entry(type: string, id: string): Promise<SearchEntry | undefined> {
    const { deadline, hurry, account, onUnreadable } = this.#reading;
    try {
      const resource = await new PagedUpstream(account, this.#upstream, hurry).read(type, id, deadline);
      return resource && { resource, mode: 'match' };
    } catch (error) {
      if (!(error instanceof PageTooLarge)) {
        throw error;
      }
      const name = await this.#name(type, id, error);
      if (name?.lacksRoom !== true) {
        onUnreadable(type);
      }
      return name;
    }
  }

  async #name(type: string, id: string, why: PageTooLarge): Promise<SearchEntry | undefined> {
    const { account, hurry, deadline } = this.#reading;
    const names = (): Promise<SearchEntry | undefined> =>
      account.aside(
        (room) => nameOf(type, id, this.#upstream.within(room, hurry).names, deadline),
        (value) => ({ value, bytes: sizeOf(value) }),
      );
    if (!(why instanceof NoRoom)) {
      return names();
    }
    try {
      return await lookAt(type, id, this.#upstream, this.#reading);
    } catch (error) {
      if (!(error instanceof PageTooLarge)) {
        throw error;
      }
      const name = await names();
      return error instanceof NoRoom && name !== undefined ? { ...name, lacksRoom: true } : name;
    }
  }

  /** The patient that a resource belongs to; undefined when it names none or several. */
  async ofEntry({ resource, told }: SearchEntry): Promise<FhirResource | undefined> {
    if (resource.resourceType === 'Patient') {
      return resource;
    }
    const id = patientNamedBy(told ?? this.#facts(resource));
    if (id === undefined) {
      return undefined;
    }
    const patient = await this.read(id);
    if (patient === undefined) {
      throw sourceFailed(DENIED);
    }
    return patient;
  }

  /** A source that says a patient is not there, but has data of hers, must not make her look absent. */
  assertNotDenied(id: string, patient: FhirResource | undefined, first: Stretch | undefined): void {
    if (
      patient === undefined &&
      first?.matches.some(({ resource, told }) => (told ?? this.#facts(resource)).patientIds.has(id))
    ) {
      throw sourceFailed(DENIED);
    }
  }
}

/** A small Patient as it was read; of a larger one, what tells who it is. */
function whoItIs(patient: FhirResource | undefined, bytes: number): Kept<FhirResource | undefined> {
  if (patient === undefined || bytes <= WHOLE_BYTES) {
    return { value: patient, bytes };
  }
  const value = nameAlone(patient);
  return { value, bytes: sizeOf(value) };
}

/** Bytes as JSON. */
function sizeOf(value: unknown): number {
  return value === undefined ? 0 : Buffer.byteLength(JSON.stringify(value));
}
