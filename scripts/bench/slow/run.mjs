// SPDX-License-Identifier: Apache-2.0
import { connect } from 'node:net';
import { parseArgs } from 'node:util';
import { exportJWK, generateKeyPair } from 'jose';
import { startChild } from '../child.mjs';
import { dist } from '../dist.mjs';
import { NORTH_ID } from '../network.mjs';
import { quantile } from '../statistics.mjs';

const { HospitalClient } = dist('demo/hospitalClient.js');
const PRACTITIONER = {
  id: 'urn:oid:2.16.840.1.113883.4.6#1000000001',
  name: 'Dr. Bench Reader',
  role: 'doctor',
};
const EMERGENCY = { practitioner: PRACTITIONER, purpose: 'BTG', reason: 'unconscious, no allergy list' };
const LARGE = '/fhir/DocumentReference?patient=large';
const SIP_BYTES = 64 * 1024;
const GOAL_MIB = 1024;

/**
 * Readers that ask for a large answer at once and take it in slowly, and the emergencies of another client meanwhile:
 *   npm run bench -- --slow-readers [--readers 100] [--mib 30] [--clients 1] [--seconds 90] [--rate 256] [--purpose TREAT]
 * `--clients`: to how many clients the readers belong; `--rate`: KiB a second that each takes in; `--purpose BTG`: the
 * readers are emergencies too.
 */
export async function benchSlowReaders(argv) {
  const { values } = parseArgs({
    args: argv,
    options: {
      'slow-readers': { type: 'boolean' },
      readers: { type: 'string', default: '100' },
      mib: { type: 'string', default: '30' },
      clients: { type: 'string', default: '1' },
      seconds: { type: 'string', default: '90' },
      rate: { type: 'string', default: '256' },
      purpose: { type: 'string', default: 'TREAT' },
    },
  });
  const pair = await generateKeyPair('ES384', { extractable: true });
  const privateJwk = { ...(await exportJWK(pair.privateKey)), kid: 'bench', alg: 'ES384' };
  const publicJwk = { ...(await exportJWK(pair.publicKey)), kid: 'bench', alg: 'ES384' };
  const slow = Array.from({ length: Number(values.clients) }, (_value, number) => `slow-${String(number)}`);
  const ledger = await startChild('./product.mjs', { part: 'ledger', publicJwk });
  const source = await startChild('./slow/source.mjs', { mib: Number(values.mib) });
  const gateway = await startChild('./slow/gateway.mjs', {
    peer: ledger.ready.peer,
    sourceUrl: source.ready.baseUrl,
    clients: [...slow, 'other'],
    publicJwk,
  });
  try {
    await measure({ gateway, slow, privateJwk, values });
  } finally {
    await gateway.stop();
    await source.stop();
    await ledger.stop();
  }
}

async function measure({ gateway, slow, privateJwk, values }) {
  const { baseUrl } = gateway.ready;
  const clientOf = (clientId) =>
    new HospitalClient(
      { fhirBaseUrl: `${baseUrl}/fhir`, tokenEndpoint: `${baseUrl}/oauth/token` },
      { clientId, privateJwk, organisationId: NORTH_ID },
    );
  const other = clientOf('other');
  await other.get('Observation?patient=small', EMERGENCY);
  const before = await gateway.ask('memory');
  const tokens = await Promise.all(
    slow.map((clientId) => clientOf(clientId).token({ ...EMERGENCY, purpose: values.purpose })),
  );
  const readers = Array.from({ length: Number(values.readers) }, (_value, number) =>
    startReader(baseUrl, tokens[number % tokens.length], values),
  );
  const large = [];
  const small = [];
  const statuses = new Map();
  const until = performance.now() + Number(values.seconds) * 1000;
  while (performance.now() < until) {
    await timed(small, statuses, () => other.get('Observation?patient=small', EMERGENCY));
    await timed(large, statuses, () => other.get(LARGE.slice('/fhir/'.length), EMERGENCY));
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  const after = await gateway.ask('memory');
  readers.forEach((reader) => {
    reader.stop();
  });
  const say = (what, value, unit = '', goal = '') => {
    process.stdout.write(`${what.padEnd(72)} ${value.padStart(9)} ${unit.padEnd(4)} ${goal}\n`);
  };
  const count = (state) => String(readers.filter((reader) => reader.state() === state).length);
  say(
    `${values.readers} readers of ${values.mib} MiB, ${values.rate} KiB/s each, of ${values.clients} clients`,
    '',
  );
  say('gateway before', before.nowMib.toFixed(0), 'MiB');
  const verdict = after.peakMib < GOAL_MIB ? 'met' : 'MISSED';
  say('gateway at its highest', after.peakMib.toFixed(0), 'MiB', `< ${String(GOAL_MIB)}  ${verdict}`);
  for (const state of ['waiting', 'reading', 'done', '503', 'cut off', 'refused otherwise']) {
    say(`readers at the end: ${state}`, count(state));
  }
  for (const [name, times] of Object.entries({ small, large })) {
    say(`emergencies of another client, ${name} answer`, String(times.length));
    say('  p50', quantile(times, 0.5).toFixed(0), 'ms');
    say('  longest', Math.max(...times).toFixed(0), 'ms');
  }
  say('their statuses', JSON.stringify([...statuses]));
}

async function timed(times, statuses, ask) {
  const from = performance.now();
  const { status } = await ask();
  times.push(performance.now() - from);
  statuses.set(status, (statuses.get(status) ?? 0) + 1);
}

/** Asks once and takes in so many KiB a second. */
function startReader(baseUrl, token, { rate, purpose }) {
  const reason = purpose === 'BTG' ? `break-glass-reason: ${EMERGENCY.reason}\r\n` : '';
  const { hostname, port } = new URL(baseUrl);
  const socket = connect(Number(port), hostname);
  let head = '';
  let state = 'waiting';
  socket.on('readable', () => undefined);
  socket.on('error', () => undefined);
  socket.on('close', () => {
    if (state === 'reading') state = 'cut off';
  });
  socket.on('end', () => {
    if (state === 'reading') state = 'done';
  });
  socket.write(
    `GET ${LARGE} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n${reason}connection: close\r\n\r\n`,
  );
  const sip = setInterval(
    () => {
      const chunk = socket.read(Math.min(SIP_BYTES, socket.readableLength) || undefined);
      if (state === 'waiting' && chunk !== null) {
        head += chunk.toString('latin1').slice(0, 64);
        const status = / (\d{3}) /.exec(head)?.[1];
        state = status === '200' ? 'reading' : status === '503' ? '503' : 'refused otherwise';
      }
    },
    (1000 * SIP_BYTES) / (Number(rate) * 1024),
  );
  return {
    state: () => state,
    stop: () => {
      clearInterval(sip);
      socket.destroy();
    },
  };
}
