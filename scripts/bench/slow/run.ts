// SPDX-License-Identifier: Apache-2.0
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { JWK } from 'jose';
import { startChild } from '../child';
import { newClientKey } from '../keys';
import { clientAt, PRACTITIONER } from '../load';
import type { Product, ProductArgument } from '../product';
import { quantile } from '../statistics';
import type { SlowGateway, SlowGatewayArgument } from './gateway';
import type { SlowSource, SlowSourceArgument } from './source';

const EMERGENCY = { practitioner: PRACTITIONER, purpose: 'BTG', reason: 'unconscious, no allergy list' };
const LARGE = 'DocumentReference?patient=large';
const SMALL = 'Observation?patient=small';
const SIP_BYTES = 64 * 1024;
const GOAL_MIB = 1024;
const BETWEEN_LOOKS_MS = 1000;

const OPTIONS = {
  'slow-readers': { type: 'boolean' },
  readers: { type: 'string', default: '100' },
  mib: { type: 'string', default: '30' },
  clients: { type: 'string', default: '1' },
  seconds: { type: 'string', default: '90' },
  rate: { type: 'string', default: '256' },
  purpose: { type: 'string', default: 'TREAT' },
} as const;

const parse = (args: readonly string[]) => parseArgs({ args: [...args], options: OPTIONS }).values;
type Values = ReturnType<typeof parse>;

const say = (what: string, value: string, unit = '', goal = ''): void => {
  process.stdout.write(`${what.padEnd(72)} ${value.padStart(9)} ${unit.padEnd(4)} ${goal}\n`);
};

/**
 * Readers that ask for a large answer at once and take it in slowly, and the emergencies of another client
 * meanwhile:
 *   npm run bench -- --slow-readers [--readers 100] [--mib 30] [--clients 1] [--seconds 90] [--rate 256]
 *   [--purpose TREAT]
 * `--clients`: to how many clients the readers belong; `--rate`: KiB a second that each takes in; `--purpose
 * BTG`: the readers are emergencies too.
 */
export async function benchSlowReaders(args: readonly string[]): Promise<void> {
  const values = parse(args);
  const { privateJwk, publicJwk } = await newClientKey();
  const slow = Array.from({ length: Number(values.clients) }, (_value, number) => `slow-${String(number)}`);
  const ledger: Product = await startChild('product', {
    part: 'ledger',
    publicJwk,
  } satisfies ProductArgument);
  const given: SlowSourceArgument = { mib: Number(values.mib) };
  const source: SlowSource = await startChild('slow/source', given);
  const { peer } = ledger.ready;
  if (peer === undefined) {
    throw new Error('the ledger names no peer');
  }
  const gateway: SlowGateway = await startChild('slow/gateway', {
    peer,
    sourceUrl: source.ready.baseUrl,
    clients: [...slow, 'other'],
    publicJwk,
  } satisfies SlowGatewayArgument);
  try {
    await measure(gateway, slow, privateJwk, values);
  } finally {
    await gateway.stop();
    await source.stop();
    await ledger.stop();
  }
}

async function measure(
  gateway: SlowGateway,
  slow: readonly string[],
  privateJwk: JWK,
  values: Values,
): Promise<void> {
  const { baseUrl } = gateway.ready;
  const other = clientAt({ baseUrl }, privateJwk, 'other');
  await other.get(SMALL, EMERGENCY);
  const before = await gateway.ask('memory');
  const tokens = await Promise.all(
    slow.map((clientId) =>
      clientAt({ baseUrl }, privateJwk, clientId).token({ ...EMERGENCY, purpose: values.purpose }),
    ),
  );
  const readers = Array.from({ length: Number(values.readers) }, (_value, number) =>
    startReader(baseUrl, tokens[number % tokens.length] ?? '', values),
  );
  const times = { small: [] as number[], large: [] as number[] };
  const statuses = new Map<number, number>();
  const timed = async (size: keyof typeof times, path: string): Promise<void> => {
    const from = performance.now();
    const { status } = await other.get(path, EMERGENCY);
    times[size].push(performance.now() - from);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  };
  const until = performance.now() + Number(values.seconds) * 1000;
  while (performance.now() < until) {
    await timed('small', SMALL);
    await timed('large', LARGE);
    await wait(BETWEEN_LOOKS_MS);
  }
  const after = await gateway.ask('memory');
  readers.forEach((reader) => {
    reader.stop();
  });
  say(
    `${values.readers} readers of ${values.mib} MiB, ${values.rate} KiB/s each, of ${values.clients} clients`,
    '',
  );
  say('gateway before', before.nowMib.toFixed(0), 'MiB');
  const verdict = after.peakMib < GOAL_MIB ? 'met' : 'MISSED';
  say('gateway at its highest', after.peakMib.toFixed(0), 'MiB', `< ${String(GOAL_MIB)}  ${verdict}`);
  for (const state of STATES) {
    say(`readers at the end: ${state}`, String(readers.filter((reader) => reader.state() === state).length));
  }
  for (const [name, taken] of Object.entries(times)) {
    say(`emergencies of another client, ${name} answer`, String(taken.length));
    say('  p50', quantile(taken, 0.5).toFixed(0), 'ms');
    say('  longest', Math.max(...taken).toFixed(0), 'ms');
  }
  say('their statuses', JSON.stringify([...statuses]));
}

const STATES = ['waiting', 'reading', 'done', '503', 'cut off', 'refused otherwise'] as const;
type State = (typeof STATES)[number];

interface Reader {
  state(): State;
  stop(): void;
}

/** Asks once and takes in so many KiB a second. */
function startReader(baseUrl: string, token: string, { rate, purpose }: Values): Reader {
  const reason = purpose === 'BTG' ? `break-glass-reason: ${EMERGENCY.reason}\r\n` : '';
  const { hostname, port } = new URL(baseUrl);
  const socket = connect(Number(port), hostname);
  let head = '';
  const at: { state: State } = { state: 'waiting' };
  socket.on('readable', () => undefined);
  socket.on('error', () => undefined);
  socket.on('close', () => {
    if (at.state === 'reading') {
      at.state = 'cut off';
    }
  });
  socket.on('end', () => {
    if (at.state === 'reading') {
      at.state = 'done';
    }
  });
  socket.write(
    `GET /fhir/${LARGE} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n${reason}connection: close\r\n\r\n`,
  );
  const sip = setInterval(
    () => {
      const chunk = socket.read(Math.min(SIP_BYTES, socket.readableLength) || undefined) as Buffer | null;
      if (at.state === 'waiting' && chunk !== null) {
        head += chunk.toString('latin1').slice(0, 64);
        const status = / (\d{3}) /.exec(head)?.[1];
        at.state = status === '200' ? 'reading' : status === '503' ? '503' : 'refused otherwise';
      }
    },
    (1000 * SIP_BYTES) / (Number(rate) * 1024),
  );
  return {
    state: () => at.state,
    stop: () => {
      clearInterval(sip);
      socket.destroy();
    },
  };
}
