// SPDX-License-Identifier: Apache-2.0
/**
 * Whether time tells what is withheld from what is not there, at a running gateway: a patient who denies
 * everything against patients who do not exist, and a page with one withheld match against the same without.
 * One request after the other over one connection.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { Agent, request } from 'node:http';
import type { JWK } from 'jose';
import { bearerToken } from './load';
import type { Product } from './product';
import { exceeding, quantile } from './statistics';

/** Whose data are asked for. */
interface Ids {
  readonly patient: string;
  /** An Observation of hers. */
  readonly observation: string;
}
type PathsOf = Readonly<Record<string, (ids: Ids) => string>>;

/** What is asked for: a denied patient's against absent ones'. */
const DENIED: PathsOf = {
  'read of a Patient': ({ patient }) => `Patient/${patient}`,
  'read of an Observation': ({ observation }) => `Observation/${observation}`,
  'search, 200 on a page': ({ patient }) => `Observation?patient=${patient}`,
  'latest value': ({ patient }) => `Observation?patient=${patient}&_count=1&_sort=-date`,
  $everything: ({ patient }) => `Patient/${patient}/$everything`,
};
/** One withheld match on the page against a twin who never had it. */
const WITHHELD: PathsOf = {
  'page of 10, one withheld': ({ patient }) => `Observation?patient=${patient}&_count=10`,
  'page of 50, one withheld': ({ patient }) => `Observation?patient=${patient}&_count=50`,
};

const ROUNDS_WITH_A_TOKEN = 50;
const WARMING_ROUNDS = 50;

export interface DeniedOptions {
  /** For each kind of request. */
  readonly rounds: number;
  /** How the kinds begin that are measured. */
  readonly kinds: readonly string[];
}

/** What a kind of request took, milliseconds at p50 and p95, and how often one value tells. */
export interface Told {
  readonly hiding: readonly [number, number];
  readonly plain: readonly [number, number];
  /** How often what is withheld is slower than what is absent: 0.5 tells nothing. */
  readonly told: number;
  /** The same of absent against absent. */
  readonly chance: number;
}
export type SayTold = (kind: string, told: Told) => void;

export async function measureDenied(
  product: Product,
  privateJwk: JWK,
  options: DeniedOptions,
  say: SayTold,
): Promise<void> {
  const { grouped, twins } = product.ready.gateways;
  if (grouped === undefined || twins === undefined) {
    throw new Error('the product runs no gateways');
  }
  const closed = await product.ask('closedPatient');
  const measure = (requests: PathsOf, baseUrl: string, sides: Sides): Promise<void> =>
    measurePairs(requests, { baseUrl, privateJwk }, sides, options, say);
  await measure(DENIED, grouped.baseUrl, { hiding: () => closed, plain: nobody });
  const { withheld, without } = await product.ask('twins');
  let turn = 0;
  const idsOf = (patient: string): Ids => ({ patient, observation: '' });
  await measure(WITHHELD, twins.baseUrl, {
    hiding: () => idsOf(withheld),
    plain: () => {
      turn += 1;
      return idsOf(without[turn % 2] ?? withheld);
    },
  });
}

interface Sides {
  /** Whose data are withheld. */
  readonly hiding: () => Ids;
  /** Who has none. */
  readonly plain: () => Ids;
}
type Times = Readonly<Record<'hiding' | 'plain' | 'alsoPlain', number[]>>;

/** Each round asks once for what hides something and twice for what does not, in random order. */
async function measurePairs(
  requests: PathsOf,
  { baseUrl, privateJwk }: { readonly baseUrl: string; readonly privateJwk: JWK },
  { hiding, plain }: Sides,
  { rounds, kinds }: DeniedOptions,
  say: SayTold,
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (const [name, pathOf] of Object.entries(requests)) {
    if (!kinds.some((kind) => name.startsWith(kind))) {
      continue;
    }
    const times: Times = { hiding: [], plain: [], alsoPlain: [] };
    const seen = new Set<string>();
    let authorization = '';
    for (let round = -WARMING_ROUNDS; round < rounds; round += 1) {
      // Tokens are good for five minutes, and a round takes less than three seconds on any machine.
      if (round % ROUNDS_WITH_A_TOKEN === 0) {
        authorization = `Bearer ${await bearerToken({ baseUrl }, privateJwk)}`;
      }
      for (const who of shuffled(['hiding', 'plain', 'alsoPlain'] as const)) {
        const ids = who === 'hiding' ? hiding() : plain();
        const answer = await timedGet(`${baseUrl}/fhir/${pathOf(ids)}`, agent, authorization);
        if (round >= 0) {
          times[who].push(answer.milliseconds);
        }
        seen.add(`${String(answer.status)} of ${String(answer.size)} bytes`);
      }
    }
    if (seen.size !== 1) {
      throw new Error(`${name}: the answers differ in more than time: ${[...seen].join(', ')}`);
    }
    say(name, summary(times));
  }
  agent.destroy();
}

function summary({ hiding, plain, alsoPlain }: Times): Told {
  const both = [...plain, ...alsoPlain];
  return {
    hiding: [quantile(hiding, 0.5), quantile(hiding, 0.95)],
    plain: [quantile(both, 0.5), quantile(both, 0.95)],
    told: exceeding(hiding, both),
    chance: exceeding(plain, alsoPlain),
  };
}

/** Ids that nobody has, as long as those of the sample hospital. */
function nobody(): Ids {
  const text = randomBytes(16).toString('hex');
  const id = [
    text.slice(0, 8),
    text.slice(8, 12),
    text.slice(12, 16),
    text.slice(16, 20),
    text.slice(20),
  ].join('-');
  return { patient: id, observation: id };
}

function shuffled<T>(list: readonly T[]): readonly T[] {
  const left = [...list];
  return list.flatMap(() => left.splice(randomInt(left.length), 1));
}

interface TimedAnswer {
  readonly milliseconds: number;
  readonly status: number | undefined;
  readonly size: number;
}

/** From the request's first byte to the answer's last. */
function timedGet(url: string, agent: Agent, authorization: string): Promise<TimedAnswer> {
  return new Promise((resolve, reject) => {
    const from = performance.now();
    const call = request(url, { agent, headers: { authorization } }, (response) => {
      let size = 0;
      response.on('data', (chunk: Buffer) => (size += chunk.length));
      response.on('error', reject);
      response.on('end', () => {
        resolve({ milliseconds: performance.now() - from, status: response.statusCode, size });
      });
    });
    call.on('error', reject);
    call.end();
  });
}
