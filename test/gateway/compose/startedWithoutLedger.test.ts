// SPDX-License-Identifier: Apache-2.0
/**
 * A hospital's gateway that is started while its own peer is away: on a whole ledger, the way to which is
 * taken away and given back.
 */
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AccessEvent } from '@chartwitness/chaincode/domain';
import pino from 'pino';
import { US_IDENTIFIER_SYSTEMS } from '../../../gateway/src/compose/bootstrap';
import {
  type HospitalServiceOptions,
  startHospitalService,
} from '../../../gateway/src/compose/hospitalService';
import { connectToPeer } from '../../../gateway/src/compose/openLedger';
import { parseLedgerConfig } from '../../../gateway/src/config/peerConfig';
import { createSampleHospital } from '../../../gateway/src/fhir/sources/sampleHospital';
import { takePort } from '../../../gateway/src/http/listen';
import { type PortRelay, startPortRelay } from '../../../scripts/crash/portRelay';
import { untilItWorks } from '../../support/untilItWorks';
import { assertion, BASE_URL, type ClientKey, makeKey } from '../hospital/hospitalFixture';
import { CLIENT, NORTH, startTestNetwork, type TestNetwork } from '../ledger/network';

const CLIENT_ID = 'north-ehr';
const REASON = 'Unconscious on arrival after a fall';
const upstream = createSampleHospital({ patients: ['alberto'] });
const PATIENT = upstream.patients()[0]?.id ?? '';

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

interface Gateway {
  readonly dataDir: string;
  token(purpose: string, clientId?: string): Promise<Answer & { readonly token: string }>;
  /** A person's token, and an access with it; the status of the first that is not 200. */
  read(purpose: string, clientId?: string): Promise<number>;
  ready(): Promise<Readonly<Record<string, Readonly<Record<string, unknown>>>>>;
  close(): Promise<void>;
}

let net: TestNetwork;
let relay: PortRelay;
let folder: string;
let key: ClientKey;
/** The file that a gateway has left which knew the ledger. */
let keptFile: string;
const open: Gateway[] = [];
const lines: string[] = [];
const log = pino({ level: 'info' }, { write: (line: string) => lines.push(line) });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'started-without-'));
  key = await makeKey('ES384', 'north-1');
  net = await startTestNetwork();
  await register(CLIENT_ID);
  const peer = new URL(`http://${net.environment(NORTH)['FABRIC_PEER_ENDPOINT'] ?? ''}`);
  relay = await startPortRelay(Number(peer.port));
  const gateway = await start('before');
  expect(await gateway.read('TREAT')).toBe(200);
  keptFile = join(folder, 'before', 'registry.json');
  await untilKept(keptFile, CLIENT_ID);
  await gateway.close();
}, 120_000);
afterEach(async () => {
  await relay.open();
  await Promise.all(open.splice(0).map((gateway) => gateway.close()));
  lines.length = 0;
}, 60_000);
afterAll(async () => {
  await relay.close();
  await net.close();
  rmSync(folder, { recursive: true });
}, 60_000);

function register(clientId: string): Promise<unknown> {
  return net.north.putClient({ ...CLIENT, clientId, jwks: { keys: [key.publicJwk] } });
}

/** A gateway whose lane and folder have this name; `left` is the file that it finds. */
async function start(
  name: string,
  left?: string,
  more: Partial<HospitalServiceOptions> = {},
): Promise<Gateway> {
  const dataDir = join(folder, name);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  if (left !== undefined) {
    copyFileSync(left, join(dataDir, 'registry.json'));
  }
  const config = parseLedgerConfig({
    ...net.environment(NORTH),
    FABRIC_PEER_ENDPOINT: `localhost:${String(relay.port)}`,
  });
  const ledger = await connectToPeer(config, config.peer, log);
  const server = await takePort('127.0.0.1', 0, 'PORT');
  const operations = await takePort('127.0.0.1', 0, 'OPERATIONS_PORT');
  const service = await startHospitalService({
    settings: { baseUrl: BASE_URL, identifierSystems: US_IDENTIFIER_SYSTEMS, disclosure: 'hidden' },
    gatewayName: name,
    emergencyWithoutLedger: 'release',
    dataDir,
    consortiumKey: new Uint8Array(32).fill(7),
    upstream,
    ledger,
    network: { channel: config.channel, chaincode: config.chaincode },
    server,
    operations,
    log,
    ...more,
  }).catch(async (error: unknown) => {
    await Promise.all([server.close(), operations.close()]);
    ledger.close();
    throw error;
  });
  const ask = async (port: number, path: string, init?: RequestInit): Promise<Answer> => {
    const answer = await fetch(`http://127.0.0.1:${String(port)}${path}`, init);
    return { status: answer.status, body: await answer.json() };
  };
  const token: Gateway['token'] = async (purpose, clientId = CLIENT_ID) => {
    const signed = await assertion(
      key,
      { purpose, b2b: { organization_id: `https://${NORTH}.example` } },
      { claims: { iss: clientId, sub: clientId } },
    );
    const answer = await ask(server.port, '/oauth/token', {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        scope: 'system/*.rs',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: signed,
      }),
    });
    return { ...answer, token: String((answer.body as { access_token?: unknown }).access_token) };
  };
  let closing: Promise<void> | undefined;
  const gateway: Gateway = {
    dataDir,
    token,
    read: async (purpose, clientId) => {
      const given = await token(purpose, clientId);
      if (given.status !== 200) {
        return given.status;
      }
      const reason = purpose === 'BTG' ? { 'Break-Glass-Reason': REASON } : undefined;
      const answer = await ask(server.port, `/fhir/Condition?patient=${PATIENT}`, {
        headers: { authorization: `Bearer ${given.token}`, ...reason },
      });
      return answer.status;
    },
    ready: async () =>
      ((await ask(operations.port, '/readyz')).body as { parts: Record<string, Record<string, unknown>> })
        .parts,
    close: () =>
      (closing ??= (async () => {
        await service.close();
        ledger.close();
      })()),
  };
  open.push(gateway);
  return gateway;
}

async function eventsIn(name: string): Promise<readonly AccessEvent[]> {
  const { events } = await net.trustee.getEvents(`${NORTH}/${name}`, 0);
  return events;
}

async function untilKept(file: string, clientId: string): Promise<void> {
  await untilItWorks(() => {
    const text = readFileSync(file, 'utf8');
    return text.includes(clientId) ? Promise.resolve() : Promise.reject(new Error(`${clientId} is not kept`));
  });
}

async function untilRead(gateway: Gateway, purpose: string, clientId: string, status: number): Promise<void> {
  await untilItWorks(async () => {
    expect(await gateway.read(purpose, clientId)).toBe(status);
  }, 60_000);
}

function refusals(): string[] {
  return lines
    .map((line) => JSON.parse(line) as { msg: string; why?: string })
    .filter(({ msg }) => msg.startsWith('the remembered Registry is not used'))
    .map(({ why = '' }) => why);
}

describe.each([
  ['refuses connections', (): Promise<void> => relay.leave()],
  [
    'takes them and is silent',
    (): Promise<void> => {
      relay.shut();
      return Promise.resolve();
    },
  ],
])('its peer %s', (how, takeAway) => {
  test('an emergency gets its token and its data, and is recorded as late afterwards; others wait', async () => {
    const name = how.startsWith('refuses') ? 'refused' : 'silent';
    await takeAway();
    const gateway = await start(name, keptFile);
    expect(await gateway.read('BTG')).toBe(200);
    expect(await gateway.read('TREAT')).toBe(503);
    const { registry, recorder, identifiers } = await gateway.ready();
    expect(registry).toEqual({
      ready: true,
      detail: expect.stringMatching(
        /^Registry as of 20.*Z, ledger away: good for emergencies until 20/,
      ) as string,
    });
    expect(recorder).toMatchObject({ ready: false });
    expect(identifiers).toMatchObject({
      ready: true,
      detail: expect.stringContaining("like the Registry's as of") as string,
    });
    await relay.open();
    const { value: events } = await untilItWorks(() => eventsIn(name), 60_000);
    expect(events).toEqual([
      expect.objectContaining({
        purpose: 'BTG',
        late: true,
        lateBasis: 'deployment',
        requester: expect.objectContaining({ clientId: CLIENT_ID }) as unknown,
      }),
    ]);
    await untilRead(gateway, 'TREAT', CLIENT_ID, 200);
    await untilItWorks(async () => {
      expect((await gateway.ready())['registry']).toEqual({ ready: true });
    }, 60_000);
    expect(readFileSync(join(gateway.dataDir, 'registry.json'), 'utf8')).not.toBe(
      readFileSync(keptFile, 'utf8'),
    );
  }, 180_000);
});

test('a client that was suspended meanwhile: what it got says so in the patient’s list', async () => {
  const clientId = 'north-lost';
  await register(clientId);
  const first = await start('suspended');
  await untilKept(join(first.dataDir, 'registry.json'), clientId);
  await first.close();
  await relay.leave();
  await net.north.setClientStatus(clientId, 'suspended');
  const gateway = await start('suspended');
  expect(await gateway.read('BTG', clientId)).toBe(200);
  await relay.open();
  const { value: events } = await untilItWorks(() => eventsIn('suspended'), 60_000);
  expect(events[0]).toMatchObject({ late: true, requester: { clientId } });
  expect(events[0]?.items.map(({ decision, basis, released }) => [decision, basis, released])).toEqual(
    events[0]?.items.map(() => ['deny', { kind: 'refused', reason: 'clientSuspended' }, true]),
  );
  await untilRead(gateway, 'BTG', clientId, 401);
  // Known to be suspended, it gets nothing at the next start without the ledger.
  await untilKept(join(gateway.dataDir, 'registry.json'), '"suspended"');
  await gateway.close();
  await relay.leave();
  const next = await start('suspended');
  expect((await next.token('BTG', clientId)).status).toBe(401);
  expect((await next.token('BTG')).status).toBe(200);
}, 180_000);

describe('nobody gets a token, in an emergency either,', () => {
  beforeEach(() => relay.leave());

  test('whom the file does not name; once the ledger is back, everybody whom it has', async () => {
    await register('north-late');
    const gateway = await start('late-client', keptFile);
    expect(await gateway.read('BTG', 'north-late')).toBe(503);
    expect(await gateway.read('BTG')).toBe(200);
    await relay.open();
    await untilRead(gateway, 'BTG', 'north-late', 200);
  }, 120_000);

  test('without a file', async () => {
    const gateway = await start('no-file');
    expect(await gateway.read('BTG')).toBe(503);
    expect((await gateway.ready())['registry']).toMatchObject({
      ready: false,
      reason: expect.stringContaining('no Registry is remembered, ledger away') as string,
      remedy: expect.any(String) as string,
    });
  }, 60_000);

  test('from a file of another network', async () => {
    const network = { channel: 'rehearsal', chaincode: 'provenance' };
    const gateway = await start('another', keptFile, { network });
    expect(await gateway.read('BTG')).toBe(503);
    expect(refusals()).toEqual([expect.stringMatching(/of another network: .*"rehearsal"/)]);
  }, 60_000);

  test('from a damaged file', async () => {
    const damaged = join(folder, 'damaged.json');
    writeFileSync(damaged, readFileSync(keptFile, 'utf8').replace(CLIENT_ID, 'north-ehx'), { mode: 0o600 });
    const gateway = await start('damaged', damaged);
    expect(await gateway.read('BTG')).toBe(503);
    expect(refusals()).toEqual([expect.stringContaining('damaged')]);
  }, 60_000);

  test('from a file that others may have written', async () => {
    const shared = join(folder, 'shared.json');
    copyFileSync(keptFile, shared);
    chmodSync(shared, 0o660);
    const gateway = await start('shared', shared);
    expect(await gateway.read('BTG')).toBe(503);
    expect(refusals()).toEqual([expect.stringContaining('not its owner’s alone')]);
  }, 60_000);

  test('from a file that is too old', async () => {
    const gateway = await start('old', keptFile, { registryRememberedMs: 1 });
    expect(await gateway.read('BTG')).toBe(503);
    expect((await gateway.ready())['registry']).toMatchObject({
      ready: false,
      reason: expect.stringContaining('too old') as string,
    });
  }, 60_000);
});

test('where the hospital chose to refuse, an emergency gets its token and no data', async () => {
  await relay.leave();
  const gateway = await start('refuses', keptFile, { emergencyWithoutLedger: 'refuse' });
  expect((await gateway.token('BTG')).status).toBe(200);
  expect(await gateway.read('BTG')).toBe(503);
}, 60_000);

test('a table that is not the network’s is found without the ledger too', async () => {
  await relay.leave();
  const [system] = US_IDENTIFIER_SYSTEMS;
  const identifierSystems = system === undefined ? [] : [{ ...system, form: 'text' as const }];
  const settings = { baseUrl: BASE_URL, identifierSystems, disclosure: 'hidden' as const };
  await expect(start('another-table', keptFile, { settings })).rejects.toThrow(
    /On the ledger as of 20.*: us-ssn/,
  );
}, 60_000);
