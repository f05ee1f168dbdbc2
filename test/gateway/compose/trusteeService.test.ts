// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { US_IDENTIFIER_SYSTEMS } from '../../../gateway/src/compose/bootstrap';
import { startTrusteeService, type TrusteeService } from '../../../gateway/src/compose/trusteeService';
import { takePort, type TakenPort } from '../../../gateway/src/http/listen';
import { LEDGER_REMEDIES, LedgerError } from '../../../gateway/src/ledger/ledgerError';
import type { AccessStore } from '../../../gateway/src/readmodel/accessStore';
import { openSqlAccessStore } from '../../../gateway/src/readmodel/sqlAccessStore';
import type { Me } from '../../../gateway/src/api/schemas';
import { Browser } from '../trustee/browser';
import { untilItWorks } from '../../support/untilItWorks';
import { FakeProvenanceLedger } from '../../support/fakeProvenanceLedger';

let dataDir: string;
let ledger: FakeProvenanceLedger;
let server: TakenPort;
let operations: TakenPort;
let store: AccessStore;
let service: TrusteeService;

const NETWORK = { channel: 'health', chaincode: 'chartwitness' };

async function start(network = NETWORK): Promise<void> {
  server = await takePort('127.0.0.1', 0, 'PORT');
  operations = await takePort('127.0.0.1', 0, 'OPERATIONS_PORT');
  store = openSqlAccessStore(join(dataDir, 'accesses.db'));
  service = await startTrusteeService({
    baseUrl: `http://127.0.0.1:${String(server.port)}`,
    dataDir,
    consortiumKey: new Uint8Array(32).fill(7),
    identifierSystems: US_IDENTIFIER_SYSTEMS,
    apps: [],
    ledger,
    ledgerKeeping: 'shared',
    network,
    store,
    server,
    operations,
    log: pino({ level: 'silent' }),
  });
}

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'trustee-service-'));
  ledger = new FakeProvenanceLedger();
  await ledger.initialise({
    trustee: 'TrusteeMSP',
    defaultPolicy: { rules: [], default: 'deny' },
    identifierSystems: US_IDENTIFIER_SYSTEMS,
  });
});
afterEach(async () => {
  await service.close();
  rmSync(dataDir, { recursive: true });
});

function ask(path: string): Promise<Response> {
  return fetch(`http://127.0.0.1:${String(operations.port)}${path}`);
}

test('a peer whose clock is wrong is named where the trustee’s operator looks', async () => {
  ledger.refusingTime.add('TrusteeMSP');
  await start();
  const ready = await ask('/readyz');
  expect(ready.status).toBe(503);
  expect(await ready.json()).toMatchObject({
    parts: {
      clock: {
        ready: false,
        reason: expect.stringMatching(/^CLOCK_WRONG/) as string,
        remedy: expect.stringMatching(/time server/) as string,
      },
    },
  });
  expect(await (await ask('/metrics')).text()).toContain(
    'chartwitness_clock_refused_by_peers{service="trustee"} 1\n',
  );
});

test('a chaincode on which the whole network waits is told where the trustee’s operator looks', async () => {
  jest
    .spyOn(ledger, 'takesTime')
    .mockRejectedValue(new LedgerError('unavailable', 'x', { reason: 'NO_ANSWER' }));
  await start();
  const ready = await ask('/readyz');
  expect(ready.status).toBe(503);
  expect(await ready.json()).toMatchObject({
    parts: {
      network: {
        ready: false,
        reason: expect.stringMatching(/CHAINCODE_SILENT/) as string,
        remedy: LEDGER_REMEDIES.CHAINCODE_SILENT,
      },
    },
  });
  expect(await (await ask('/metrics')).text()).toContain(
    'chartwitness_network_stopped{service="trustee"} 1\n',
  );
});

test('the listener of operators is the last that ends, so that they read that it stops', async () => {
  await start();
  let end = (): void => undefined;
  jest.spyOn(store, 'close').mockReturnValue(
    new Promise<void>((resolve) => {
      end = resolve;
    }),
  );
  const closed = service.close();
  const stopping = await ask('/readyz');
  expect([stopping.status, await stopping.json()]).toEqual([503, { status: 'stopping', parts: {} }]);
  end();
  await closed;
  await expect(ask('/readyz')).rejects.toThrow();
  await start();
});

test('while it stops it says so, for as long as requests in flight are waited for', async () => {
  await start();
  expect((await ask('/readyz')).status).toBe(200);
  let end = (): void => undefined;
  const closedStore = new Promise<void>((resolve) => {
    end = resolve;
  });
  jest.spyOn(server, 'close').mockReturnValue(closedStore);
  const closed = service.close();
  const stopping = await ask('/readyz');
  expect([stopping.status, await stopping.json()]).toEqual([503, { status: 'stopping', parts: {} }]);
  end();
  await closed;
  jest.restoreAllMocks();
  await server.close(0);
  await start();
});

/** The organisations' names that the service gives a signed-in patient's page. */
async function namesTold(): Promise<readonly string[]> {
  const browser = new Browser(`http://127.0.0.1:${String(server.port)}`);
  await browser.signIn('alice', 'alice likes tea very much');
  const { organisations } = JSON.parse((await browser.api('me')).text) as Me;
  return organisations.map(({ name }) => name);
}

describe('the names of the organisations, when the ledger goes before anybody has read a list', () => {
  const file = (): string => join(dataDir, 'registry.json');
  beforeEach(async () => {
    await ledger.admitOrganisation({
      mspId: 'NorthHospitalMSP',
      role: 'holder',
      name: 'North Hospital',
      identifiers: ['https://north.example.org'],
    });
    await start();
    await service.accounts.put({
      username: 'alice',
      password: 'alice likes tea very much',
      name: 'Alice Example',
      identifier: { system: 'http://hl7.org/fhir/sid/us-ssn', value: '999-11-1111' },
    });
    await untilItWorks(() => access(file()));
  });
  const goAway = (): void => {
    ledger.failing = new LedgerError('unavailable', 'down', { reason: 'NO_ANSWER' });
  };

  test('are there all the same', async () => {
    goAway();
    expect(await namesTold()).toEqual(['North Hospital']);
  });

  test('are there after a restart without the ledger', async () => {
    await service.close();
    goAway();
    await start();
    expect(await namesTold()).toEqual(['North Hospital']);
  });

  test('twin: are not taken from the file of another network', async () => {
    await service.close();
    goAway();
    await start({ channel: 'another', chaincode: 'chartwitness' });
    expect(await namesTold()).toEqual([]);
  });
});

test('clocks that agree are no reason', async () => {
  await start();
  const ready = await ask('/readyz');
  expect(ready.status).toBe(200);
  expect(await ready.json()).toMatchObject({ parts: { clock: { ready: true } } });
  expect(await (await ask('/metrics')).text()).toContain(
    'chartwitness_clock_refused_by_peers{service="trustee"} 0\n',
  );
});
