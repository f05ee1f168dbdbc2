// SPDX-License-Identifier: Apache-2.0
/** Accesses under load, each by a person of its own, so that every answer can be told from every other in the patient's list. */
import { createRequire } from 'node:module';
import { setTimeout as wait } from 'node:timers/promises';

const require = createRequire(import.meta.url);
const { HospitalClient } = require('../../gateway/dist/demo/hospitalClient.js');
const { PatientClient } = require('../../gateway/dist/demo/patientClient.js');

const AFTER_FAILURE_MS = 50;
/** The trustee takes 1,200 requests a minute from one address. */
const BETWEEN_CALLS_MS = 200;
const LOOK_EVERY_MS = 50;
const PAGE = 20;

/**
 * @typedef {object} Hospital an entry of `demo.json`
 * @typedef {object} Answer
 * @property {number} at when it arrived
 * @property {number | 'unreachable'} status
 * @property {boolean} retryAfter whether it says when to come back
 * @property {string} [id] the person whose request was answered with data
 * @typedef {object} Stream requests that go on until they are stopped
 * @property {Answer[]} answers in the order of their arrival
 * @property {() => Promise<void>} stop returns when every request in flight has its answer
 * @typedef {Stream & {released: Set<string>, sent: number}} Load `released`: persons whose request was answered with data
 */

/**
 * Keeps `workers` requests in flight at one gateway until it is stopped.
 * @param {{hospital: Hospital, patientId: string, prefix: string, workers: number, stock?: number}} options `stock`: so many tokens are asked
 *   for beforehand, for when the token endpoint gives none: requests then still reach the recorder
 * @returns {Load}
 */
export function startLoad({ hospital, patientId, prefix, workers, stock = 0 }) {
  const load = { released: new Set(), answers: [], sent: 0 };
  const clients = Array.from({ length: workers }, () => new HospitalClient(hospital, hospital.clients[0]));
  const stocked = [];
  let goOn = true;
  const next = () => {
    load.sent += 1;
    return `${prefix}${load.sent}`;
  };
  const fill = async (client) => {
    while (stocked.length < stock) {
      const id = next();
      stocked.push({ id, token: await client.token(errandOf(id)) });
    }
  };
  const work = async (client) => {
    await fill(client);
    while (goOn) {
      const id = next();
      const refused = await withToken(client, id, (token) => ask(load, hospital, patientId, id, token));
      const spare = refused === undefined ? undefined : stocked.pop();
      if (refused !== undefined) load.answers.push(refused);
      if (spare !== undefined) await ask(load, hospital, patientId, spare.id, spare.token);
      if (load.answers.at(-1).status !== 200) await wait(AFTER_FAILURE_MS);
    }
  };
  const working = Promise.all(clients.map(work));
  return Object.assign(load, {
    stop: async () => {
      goOn = false;
      await working;
    },
  });
}

function errandOf(id) {
  return { practitioner: { id, name: `Person ${id}`, role: 'doctor' }, purpose: 'TREAT' };
}

/** @returns the token endpoint's refusal, if it gave no token. */
async function withToken(client, id, use) {
  let token;
  try {
    token = await client.token(errandOf(id));
  } catch (error) {
    const at = performance.now();
    return error.name === 'TokenRefused'
      ? { at, status: error.status, retryAfter: error.retryAfter !== null }
      : { at, status: 'unreachable', retryAfter: false };
  }
  await use(token);
  return undefined;
}

async function ask(load, hospital, patientId, id, token) {
  try {
    const response = await fetch(`${hospital.fhirBaseUrl}/Condition?patient=${patientId}`, {
      headers: { authorization: `Bearer ${token}`, accept: 'application/fhir+json' },
    });
    const body = await response.json();
    const released = response.status === 200 && (body.entry?.length ?? 0) > 0;
    if (released) load.released.add(id);
    load.answers.push({
      at: performance.now(),
      status: response.status,
      retryAfter: response.headers.get('retry-after') !== null,
      ...(released ? { id } : {}),
    });
  } catch {
    load.answers.push({ at: performance.now(), status: 'unreachable', retryAfter: false });
  }
}

/**
 * A patient who changes her consent again and again.
 * @param {{portalUrl: string, patient: {username: string, password: string}, rule: string}} options
 * @returns {Stream & {acknowledged: number[]}} versions that the trustee said are on file
 */
export function startConsents({ portalUrl, patient, rule }) {
  const acknowledged = [];
  const stream = startPatient(portalUrl, patient, async (session) => {
    const current = await session.get('consent');
    if (current.status !== 200) return current;
    const policy = { rules: [{ id: rule, effect: 'deny' }], default: 'deny' };
    const answer = await session.put('consent', policy, current.etag);
    if (answer.status === 200) acknowledged.push(answer.body.version);
    return answer;
  });
  return { ...stream, acknowledged };
}

/**
 * A patient who looks at her list again and again.
 * @param {{portalUrl: string, patient: {username: string, password: string}}} options
 * @returns {Stream}
 */
export function startReads({ portalUrl, patient }) {
  return startPatient(portalUrl, patient, async (session) => {
    return session.get(`accesses?limit=${PAGE}`);
  });
}

/** Signs in once and repeats `act`, also after it failed. @returns {Stream} */
function startPatient(portalUrl, { username, password }, act) {
  const answers = [];
  let goOn = true;
  const work = async () => {
    let session;
    while (goOn) {
      let answer = { status: 'unreachable', retryAfter: null };
      try {
        session ??= await PatientClient.signIn(portalUrl, username, password);
        answer = await act(session);
      } catch {
        // Nobody answered.
      }
      answers.push({
        at: performance.now(),
        status: answer.status,
        retryAfter: answer.retryAfter !== null,
      });
      await wait(BETWEEN_CALLS_MS);
    }
  };
  const working = work();
  return {
    answers,
    stop: async () => {
      goOn = false;
      await working;
    },
  };
}

/**
 * Waits until the person stands in the patient's list.
 * @param {{portalUrl: string, patient: {username: string, password: string}, id: string, withinMs: number}} options
 * @returns {Promise<boolean>} false when it does not in time
 */
export async function untilListed({ portalUrl, patient, id, withinMs }) {
  const deadline = performance.now() + withinMs;
  const session = await PatientClient.signIn(portalUrl, patient.username, patient.password);
  for (;;) {
    const { status, body } = await session.get(`accesses?user=${encodeURIComponent(id)}`);
    if (status === 200 && body.items.length > 0) return true;
    if (performance.now() > deadline) return false;
    await wait(LOOK_EVERY_MS);
  }
}

/**
 * Waits until the patient's list says that it is up to date and shows every person of `ids`, which it must soon after their releases.
 * @param {{portalUrl: string, patient: {username: string, password: string}, prefix: string, ids: Iterable<string>, liveWithinMs: number, shownWithinMs: number}} options
 * @returns {Promise<Map<string, number>>} how often each person with `prefix` stands in it then, or when the time is over
 */
export async function untilAllListed({ portalUrl, patient, prefix, ids, liveWithinMs, shownWithinMs }) {
  const deadline = performance.now() + shownWithinMs;
  const session = await PatientClient.signIn(portalUrl, patient.username, patient.password);
  for (;;) {
    await untilLive(session, liveWithinMs);
    const counts = await readList(session, prefix);
    if ([...ids].every((id) => counts.has(id)) || performance.now() > deadline) return counts;
    await wait(LOOK_EVERY_MS);
  }
}

async function readList(session, prefix) {
  const counts = new Map();
  let cursor = '';
  for (;;) {
    const { body } = await session.get(`accesses?limit=200${cursor}`);
    const persons = body.items.map(({ requester }) => requester.person?.id ?? '');
    for (const id of persons.filter((each) => each.startsWith(prefix)))
      counts.set(id, (counts.get(id) ?? 0) + 1);
    const isOlder = persons.length > 0 && !persons.some((id) => id.startsWith(prefix));
    if (body.next === null || isOlder) return counts;
    cursor = `&cursor=${encodeURIComponent(body.next)}`;
  }
}

/** Waits until the list says that it is up to date. @throws Error when it does not in time */
export async function untilUpToDate({ portalUrl, patient, withinMs }) {
  await untilLive(await PatientClient.signIn(portalUrl, patient.username, patient.password), withinMs);
}

async function untilLive(session, withinMs) {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const { body } = await session.get('me');
    if (body.list?.state === 'live') return;
    if (performance.now() > deadline) {
      throw new Error(
        `the list did not come up to date in ${withinMs / 1000} s: ${JSON.stringify(body.list)}`,
      );
    }
    await wait(50);
  }
}

/** The version of the consent on file. */
export async function consentVersion({ portalUrl, patient }) {
  const session = await PatientClient.signIn(portalUrl, patient.username, patient.password);
  return (await session.get('consent')).body.version;
}
