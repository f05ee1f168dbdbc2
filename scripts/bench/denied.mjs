// SPDX-License-Identifier: Apache-2.0
/**
 * Whether time tells what is withheld from what is not there, at a running gateway: a patient who denies everything against patients who do
 * not exist, and a page with one withheld match against the same without. One request after the other over one connection.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { Agent, request } from 'node:http';
import { bearerToken } from './load.mjs';
import { exceeding, quantile } from './statistics.mjs';

/** What is asked for, by a patient's id and the id of an Observation of hers: a denied patient's against absent ones'. */
const DENIED = {
  'read of a Patient': ({ patient }) => `Patient/${patient}`,
  'read of an Observation': ({ observation }) => `Observation/${observation}`,
  'search, 200 on a page': ({ patient }) => `Observation?patient=${patient}`,
  'latest value': ({ patient }) => `Observation?patient=${patient}&_count=1&_sort=-date`,
  $everything: ({ patient }) => `Patient/${patient}/$everything`,
};
/** One withheld match on the page against a twin who never had it. */
const WITHHELD = {
  'page of 10, one withheld': ({ patient }) => `Observation?patient=${patient}&_count=10`,
  'page of 50, one withheld': ({ patient }) => `Observation?patient=${patient}&_count=50`,
};

const ROUNDS_WITH_A_TOKEN = 50;
const WARMING_ROUNDS = 50;

/** @param options.rounds for each kind of request; `options.kinds` how the kinds begin that are measured. Calls `say` with each kind's name and summary. */
export async function measureDenied(product, privateJwk, options, say) {
  const { grouped, twins } = product.ready.gateways;
  const closed = await product.ask('closedPatient');
  const absent = { baseUrl: grouped.baseUrl, hiding: () => closed, plain: nobody };
  await measurePairs(DENIED, absent, privateJwk, options, say);
  const { withheld, without } = await product.ask('twins');
  let turn = 0;
  const plain = () => ({ patient: without[(turn += 1) % without.length] });
  const page = { baseUrl: twins.baseUrl, hiding: () => ({ patient: withheld }), plain };
  await measurePairs(WITHHELD, page, privateJwk, options, say);
}

/** Each round asks once for what hides something and twice for what does not, in random order. */
async function measurePairs(requests, { baseUrl, hiding, plain }, privateJwk, { rounds, kinds }, say) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (const [name, pathOf] of Object.entries(requests)) {
    if (!kinds.some((kind) => name.startsWith(kind))) {
      continue;
    }
    const times = { hiding: [], plain: [], alsoPlain: [] };
    const seen = new Set();
    let authorization = '';
    for (let round = -WARMING_ROUNDS; round < rounds; round += 1) {
      // Tokens are good for five minutes, and a round takes less than three seconds on any machine.
      if (round % ROUNDS_WITH_A_TOKEN === 0) {
        authorization = `Bearer ${await bearerToken({ baseUrl }, privateJwk)}`;
      }
      for (const who of shuffled(Object.keys(times))) {
        const ids = who === 'hiding' ? hiding() : plain();
        const answer = await timedGet(`${baseUrl}/fhir/${pathOf(ids)}`, { agent, authorization });
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

function summary({ hiding, plain, alsoPlain }) {
  const both = [...plain, ...alsoPlain];
  return {
    hiding: [quantile(hiding, 0.5), quantile(hiding, 0.95)],
    plain: [quantile(both, 0.5), quantile(both, 0.95)],
    told: exceeding(hiding, both),
    chance: exceeding(plain, alsoPlain),
  };
}

/** Ids that nobody has, as long as those of the sample hospital. */
function nobody() {
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

function shuffled(list) {
  const left = [...list];
  return list.map(() => left.splice(randomInt(left.length), 1)[0]);
}

/** From the request's first byte to the answer's last. */
function timedGet(url, { agent, authorization }) {
  return new Promise((resolve, reject) => {
    const from = performance.now();
    const call = request(url, { agent, headers: { authorization } }, (response) => {
      let size = 0;
      response.on('data', (chunk) => (size += chunk.length));
      response.on('error', reject);
      response.on('end', () => {
        resolve({ milliseconds: performance.now() - from, status: response.statusCode, size });
      });
    });
    call.on('error', reject);
    call.end();
  });
}
