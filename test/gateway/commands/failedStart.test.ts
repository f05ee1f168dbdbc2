// SPDX-License-Identifier: Apache-2.0
/** A start that fails says why, and ends: no port, store or ledger keeps its process alive. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { takePort, type TakenPort } from '../../../gateway/src/http/listen';

jest.setTimeout(120_000);

const PROGRAM = join(__dirname, '../../../gateway/bin/chartwitness.cjs');

let folder: string;
let port: number;
let busy: TakenPort;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'chartwitness-failed-'));
  mkdirSync(join(folder, 'data'));
  writeFileSync(join(folder, 'consortium.key'), Buffer.alloc(32, 7), { mode: 0o600 });
  busy = await takePort('127.0.0.1', 0, 'PORT');
  const free = await takePort('127.0.0.1', 0, 'PORT');
  ({ port } = free);
  await free.close(0);
});
afterEach(async () => {
  await busy.close(0);
  rmSync(folder, { recursive: true, force: true });
});

function serve(
  role: 'hospital' | 'trustee',
  change: Readonly<Record<string, string>> = {},
): { readonly status: number | null; readonly stderr: string } {
  const env = {
    PATH: process.env['PATH'],
    PORT: String(port),
    OPERATIONS_PORT: '0',
    BASE_URL: `http://127.0.0.1:${String(port)}`,
    DATA_DIR: join(folder, 'data'),
    CONSORTIUM_KEY_FILE: join(folder, 'consortium.key'),
    FABRIC_MSP_ID: role === 'trustee' ? 'TrusteeMSP' : 'NorthHospitalMSP',
    TRUSTED_PROXIES: '0',
    SUBJECT_IDENTIFIER_SYSTEMS: 'us-ssn urn:oid:2.16.840.1.113883.4.1',
    ...(role === 'trustee'
      ? {}
      : { GATEWAY_NAME: 'ward', EMERGENCY_WITHOUT_LEDGER: 'refuse', UPSTREAM_FHIR_URL: 'sample' }),
    ...change,
  };
  const { status, stderr } = spawnSync(process.execPath, [PROGRAM, 'serve', '--role', role], {
    encoding: 'utf8',
    env,
  });
  return { status, stderr };
}

test('an operations port that is busy', () => {
  const { status, stderr } = serve('trustee', { OPERATIONS_PORT: String(busy.port) });
  expect(stderr).toContain(`Port ${String(busy.port)} on 127.0.0.1 is in use by another program`);
  expect([status, stderr.includes('    at ')]).toEqual([1, false]);
});

test('a list that is no database', () => {
  writeFileSync(join(folder, 'data', 'accesses.db'), 'x'.repeat(8_192));
  const { status, stderr } = serve('trustee');
  expect(stderr).toMatch(/A file in the data folder is damaged, or no database.*Put the folder back/);
  expect([status, stderr.includes('    at ')]).toEqual([1, false]);
});

test('an outbox that is no database', () => {
  writeFileSync(join(folder, 'data', 'outbox.db'), 'x'.repeat(8_192));
  const { status, stderr } = serve('hospital');
  expect(stderr).toMatch(/A file in the data folder is damaged, or no database/);
  expect(status).toBe(1);
});

test('a data folder that is a file', () => {
  writeFileSync(join(folder, 'file'), '');
  const { status, stderr } = serve('trustee', { DATA_DIR: join(folder, 'file', 'data') });
  expect(stderr).toMatch(/The data folder cannot be used.*ENOTDIR.*then start again/);
  expect(status).toBe(1);
});
