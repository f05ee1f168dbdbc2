// SPDX-License-Identifier: Apache-2.0
/**
 * Accesses under load, each by a person of its own, so that every answer can be told from every other in the
 * patient's list.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { DemoFileHospital } from '../../gateway/dist/demo/demoFile';
import { type Errand, HospitalClient, TokenRefused } from '../../gateway/dist/demo/hospitalClient';
import type { Stream, StreamAnswer } from './stream';

const AFTER_FAILURE_MS = 50;

/** Where the requests go: an entry of `demo.json`. */
export type LoadedHospital = Pick<DemoFileHospital, 'mspId' | 'fhirBaseUrl' | 'tokenEndpoint' | 'clients'>;

export interface LoadOptions {
  readonly hospital: LoadedHospital;
  readonly patientId: string;
  /** Of every person's id. */
  readonly prefix: string;
  /** Requests in flight. */
  readonly workers: number;
  /**
   * So many tokens are asked for beforehand, for when the token endpoint gives none: requests then still
   * reach the recorder.
   */
  readonly stock?: number;
}

export interface Load extends Stream {
  /** Persons whose request was answered with data. */
  readonly released: ReadonlySet<string>;
  /** Requests so far, and tokens asked for beforehand. */
  readonly sent: number;
}

/** Keeps requests in flight at one gateway until it is stopped. */
export function startLoad(options: LoadOptions): Load {
  const load = new AccessLoad(options);
  load.start();
  return load;
}

/** A request that has its token already. */
interface Ready {
  readonly id: string;
  readonly token: string;
}

class AccessLoad implements Load {
  readonly answers: StreamAnswer[] = [];
  readonly released = new Set<string>();
  readonly #options: LoadOptions;
  readonly #stocked: Ready[] = [];
  #sent = 0;
  #goesOn = true;
  #working: Promise<unknown> = Promise.resolve();

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  get sent(): number {
    return this.#sent;
  }

  start(): void {
    const { hospital, workers } = this.#options;
    const [credentials] = hospital.clients;
    if (credentials === undefined) {
      throw new Error(`${hospital.mspId} runs no client`);
    }
    this.#working = Promise.all(
      Array.from({ length: workers }, () => this.#work(new HospitalClient(hospital, credentials))),
    );
  }

  async stop(): Promise<void> {
    this.#goesOn = false;
    await this.#working;
  }

  async #work(client: HospitalClient): Promise<void> {
    await this.#fill(client);
    while (this.#goesOn) {
      const isServed = await this.#askOnce(client, this.#next());
      if (!isServed) {
        await wait(AFTER_FAILURE_MS);
      }
    }
  }

  async #fill(client: HospitalClient): Promise<void> {
    while (this.#stocked.length < (this.#options.stock ?? 0)) {
      const id = this.#next();
      this.#stocked.push({ id, token: await client.token(errandOf(id)) });
    }
  }

  #next(): string {
    this.#sent += 1;
    return `${this.#options.prefix}${String(this.#sent)}`;
  }

  /** Without a token of its own, a request that has one goes in its place. */
  async #askOnce(client: HospitalClient, id: string): Promise<boolean> {
    let token: string;
    try {
      token = await client.token(errandOf(id));
    } catch (error) {
      this.answers.push(refusalOf(error));
      const spare = this.#stocked.pop();
      return spare !== undefined && this.#ask(spare);
    }
    return this.#ask({ id, token });
  }

  async #ask({ id, token }: Ready): Promise<boolean> {
    const { hospital, patientId } = this.#options;
    try {
      const response = await fetch(`${hospital.fhirBaseUrl}/Condition?patient=${patientId}`, {
        headers: { authorization: `Bearer ${token}`, accept: 'application/fhir+json' },
      });
      const body = (await response.json()) as { readonly entry?: readonly unknown[] };
      const isReleased = response.status === 200 && (body.entry?.length ?? 0) > 0;
      if (isReleased) {
        this.released.add(id);
      }
      this.answers.push({
        at: performance.now(),
        status: response.status,
        retryAfter: response.headers.get('retry-after') !== null,
        ...(isReleased ? { id } : {}),
      });
      return response.status === 200;
    } catch {
      this.answers.push({ at: performance.now(), status: 'unreachable', retryAfter: false });
      return false;
    }
  }
}

function errandOf(id: string): Errand {
  return { practitioner: { id, name: `Person ${id}`, role: 'doctor' }, purpose: 'TREAT' };
}

/** What the token endpoint answered instead of a token. */
function refusalOf(error: unknown): StreamAnswer {
  const at = performance.now();
  return error instanceof TokenRefused
    ? { at, status: error.status, retryAfter: error.retryAfter !== null }
    : { at, status: 'unreachable', retryAfter: false };
}
