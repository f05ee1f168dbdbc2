// SPDX-License-Identifier: Apache-2.0
/** Accesses under load, each by a person of its own, so that every answer can be told from every other in the patient's list. */
import { createRequire } from 'node:module';
import { setTimeout as wait } from 'node:timers/promises';

const require = createRequire(import.meta.url);
const { HospitalClient } = require('../../gateway/dist/demo/hospitalClient.js');
const { PatientClient } = require('../../gateway/dist/demo/patientClient.js');

const AFTER_FAILURE_MS = 50;

/**
 * @typedef {object} Hospital an entry of `demo.json`
 * @typedef {object} Load
 * @property {Set<string>} released persons whose request was answered with data
 * @property {{at: number, status: number | 'unreachable', retryAfter: boolean}[]} answers in the order of their arrival
 * @property {number} sent
 * @property {() => Promise<void>} stop returns when every request in flight has its answer
 */

/**
 * Keeps `workers` requests in flight at one gateway until it is stopped.
 * @param {{hospital: Hospital, patientId: string, prefix: string, workers: number}} options
 * @returns {Load}
 */
export function startLoad({ hospital, patientId, prefix, workers }) {
  const load = { released: new Set(), answers: [], sent: 0 };
  let goOn = true;
  const work = async () => {
    const client = new HospitalClient(hospital, hospital.clients[0]);
    while (goOn) {
      load.sent += 1;
      const id = `${prefix}${load.sent}`;
      const answer = await ask(client, hospital, patientId, id);
      if (answer.released) load.released.add(id);
      load.answers.push({ at: performance.now(), ...answer });
      if (answer.status !== 200) await wait(AFTER_FAILURE_MS);
    }
  };
  const working = Promise.all(Array.from({ length: workers }, work));
  return Object.assign(load, {
    stop: async () => {
      goOn = false;
      await working;
    },
  });
}

async function ask(client, hospital, patientId, id) {
  const errand = { practitioner: { id, name: `Person ${id}`, role: 'doctor' }, purpose: 'TREAT' };
  let token;
  try {
    token = await client.token(errand);
  } catch (error) {
    // Its own form of refusal (RFC 6749); nothing was asked of the ledger for it.
    const status = /answered (\d+)/.exec(String(error))?.[1];
    return {
      status: status === undefined ? 'unreachable' : 'token refused',
      retryAfter: true,
      released: false,
    };
  }
  try {
    const response = await fetch(`${hospital.fhirBaseUrl}/Condition?patient=${patientId}`, {
      headers: { authorization: `Bearer ${token}`, accept: 'application/fhir+json' },
    });
    const body = await response.json();
    return {
      status: response.status,
      retryAfter: response.headers.get('retry-after') !== null,
      released: response.status === 200 && (body.entry?.length ?? 0) > 0,
    };
  } catch {
    return { status: 'unreachable', retryAfter: true, released: false };
  }
}

/**
 * A patient who changes her consent again and again.
 * @param {{portalUrl: string, patient: {username: string, password: string}, rule: string}} options
 */
export function startConsents({ portalUrl, patient, rule }) {
  const acknowledged = [];
  /** The same form as a gateway's load has, so that the trustee's recovery is measured alike. */
  const answers = [];
  let goOn = true;
  const work = async () => {
    while (goOn) {
      try {
        const session = await PatientClient.signIn(portalUrl, patient.username, patient.password);
        while (goOn) {
          const { etag } = await session.get('consent');
          const policy = { rules: [{ id: rule, effect: 'deny' }], default: 'deny' };
          const answer = await session.put('consent', policy, etag);
          answers.push({ at: performance.now(), status: answer.status });
          if (answer.status === 200) acknowledged.push(answer.body.version);
          else await wait(AFTER_FAILURE_MS);
        }
      } catch {
        // The trustee's process or peer is away: the change was not acknowledged.
        await wait(AFTER_FAILURE_MS);
      }
    }
  };
  const working = work();
  return {
    acknowledged,
    answers,
    stop: async () => {
      goOn = false;
      await working;
    },
  };
}

/**
 * How often each person with `prefix` stands in the patient's list, once the list says that it is up to date.
 * @returns {Promise<Map<string, number>>}
 */
export async function readList({ portalUrl, patient, prefix, withinMs }) {
  const session = await PatientClient.signIn(portalUrl, patient.username, patient.password);
  await untilLive(session, withinMs);
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
