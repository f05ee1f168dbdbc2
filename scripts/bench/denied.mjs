// SPDX-License-Identifier: Apache-2.0
/**
 * Whether time tells what is withheld from what is not there: a patient who denies everything against patients who do not exist, at a running
 * gateway. Each round asks for the one and two of the others, in random order, one after the other over one connection.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { Agent, request } from 'node:http';
import { bearerToken } from './load.mjs';
import { quantile } from './statistics.mjs';

/** What is asked for, by a patient's id and the id of an Observation of hers. */
const REQUESTS = {
  'read of a Patient': ({ patient }) => `Patient/${patient}`,
  'read of an Observation': ({ observation }) => `Observation/${observation}`,
  'search, 200 on a page': ({ patient }) => `Observation?patient=${patient}`,
  'latest value': ({ patient }) => `Observation?patient=${patient}&_count=1&_sort=-date`,
  $everything: ({ patient }) => `Patient/${patient}/$everything`,
};

const ROUNDS_WITH_A_TOKEN = 50;

/** @param options.rounds for each kind of request; `options.kinds` how the kinds begin that are measured. Prints as it goes. */
export async function measureDenied(product, privateJwk, { rounds, kinds }, say) {
  const closed = await product.ask('closedPatient');
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const { baseUrl } = product.ready.gateways.grouped;
  for (const [name, pathOf] of Object.entries(REQUESTS)) {
    if (!kinds.some((kind) => name.startsWith(kind))) {
      continue;
    }
    let authorization = '';
    const ask = (ids) => timedGet(`${baseUrl}/fhir/${pathOf(ids)}`, { agent, authorization });
    // Tokens are good for five minutes, and a round takes less than three seconds on any machine.
    const renew = async () => {
      authorization = `Bearer ${await bearerToken({ baseUrl }, privateJwk)}`;
    };
    await renew();
    for (let warm = 0; warm < 50; warm += 1) {
      await ask(closed);
      await ask(nobody());
    }
    const times = { denied: [], absent: [], alsoAbsent: [] };
    const seen = new Set();
    for (let round = 0; round < rounds; round += 1) {
      if (round % ROUNDS_WITH_A_TOKEN === 0) {
        await renew();
      }
      for (const who of shuffled(Object.keys(times))) {
        const ids = who === 'denied' ? closed : nobody();
        const { milliseconds, status, size } = await ask(ids);
        times[who].push(milliseconds);
        seen.add(`${String(status)} of ${String(size)} bytes`);
      }
    }
    if (seen.size !== 1) {
      throw new Error(`${name}: the answers differ in more than time: ${[...seen].join(', ')}`);
    }
    say(name, summary(times));
  }
  agent.destroy();
}

function summary({ denied, absent, alsoAbsent }) {
  const differences = (a, b) => a.map((value, index) => value - b[index]);
  const shares = (list) => list.filter((value) => value > 0).length / list.length;
  const against = differences(denied, absent);
  const between = differences(alsoAbsent, absent);
  return {
    denied: [quantile(denied, 0.5), quantile(denied, 0.95)],
    absent: [quantile(absent, 0.5), quantile(absent, 0.95)],
    deniedAgainstAbsent: [quantile(against, 0.5), quantile(against.map(Math.abs), 0.95), shares(against)],
    absentAgainstAbsent: [quantile(between, 0.5), quantile(between.map(Math.abs), 0.95), shares(between)],
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
