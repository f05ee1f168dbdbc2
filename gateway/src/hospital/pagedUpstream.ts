// SPDX-License-Identifier: Apache-2.0
import type { Handling } from '../fhir/appliedParameters';
import type { FhirResource } from '../fhir/resource';
import type {
  LabelTrust,
  PreparedUpstream,
  Room,
  SourcePage,
  SourceReadiness,
  Upstream,
} from '../fhir/sources/upstream';
import type { RequestAccount } from './requestAccount';

/** A source, each of whose answers takes the place of the one before in a request's account. */
class PagedNames<U extends Upstream> implements Upstream {
  protected readonly account: RequestAccount;
  protected readonly source: U;
  protected readonly hurry: AbortSignal | undefined;

  constructor(account: RequestAccount, source: U, hurry: AbortSignal | undefined) {
    this.account = account;
    this.source = source;
    this.hurry = hurry;
  }

  get baseUrl(): string | undefined {
    return this.source.baseUrl;
  }

  get labels(): LabelTrust {
    return this.source.labels;
  }

  /** What is read so does not count in the request's account. */
  within(room: Room, hurry?: AbortSignal): Upstream {
    return this.source.within(room, hurry);
  }

  read(type: string, id: string, signal: AbortSignal): Promise<FhirResource | undefined> {
    return this.account.page((room) => this.#in(room).read(type, id, signal));
  }

  search(
    type: string,
    parameters: URLSearchParams,
    signal: AbortSignal,
    handling?: Handling,
  ): Promise<SourcePage> {
    return this.account.page((room) => this.#in(room).search(type, parameters, signal, handling));
  }

  everything(
    patientId: string,
    parameters: URLSearchParams,
    signal: AbortSignal,
  ): Promise<SourcePage | undefined> {
    return this.account.page((room) => this.#in(room).everything(patientId, parameters, signal));
  }

  page(next: string, signal: AbortSignal): Promise<SourcePage> {
    return this.account.page((room) => this.#in(room).page(next, signal));
  }

  isReady(): Promise<SourceReadiness> {
    return this.source.isReady();
  }

  #in(room: Room): Upstream {
    return this.source.within(room, this.hurry);
  }
}

/** The source as one request reads pages of it. */
export class PagedUpstream extends PagedNames<PreparedUpstream> implements PreparedUpstream {
  override within(room: Room, hurry?: AbortSignal): PreparedUpstream {
    return this.source.within(room, hurry);
  }

  get names(): Upstream {
    return new PagedNames(this.account, this.source.names, this.hurry);
  }
}
