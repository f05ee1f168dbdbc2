// SPDX-License-Identifier: Apache-2.0
/** `npm run dev`, as a developer runs it: the portal by Vite, the trustee's paths behind the same address. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { DemoFile } from '../../../gateway/src/demo/demoFile';
import { PatientClient } from '../../../gateway/src/demo/patientClient';

const PROGRAM = join(__dirname, '../../../scripts/dev/dev.mjs');
const LONG = 180_000;
const LAST_LINE = 'Ctrl-C stops it.';

const folder = mkdtempSync(join(tmpdir(), 'chartwitness-dev-'));
const data = join(folder, 'data');
const lines: string[] = [];
let child: ChildProcess;

beforeAll(async () => {
  const started = spawn(process.execPath, [PROGRAM, '--port', '0', '--data', data, '--no-traffic'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child = started;
  await new Promise<void>((resolve, reject) => {
    for (const stream of [started.stdout, started.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
        if (line === LAST_LINE) {
          resolve();
        }
      });
    }
    started.once('exit', () => {
      reject(new Error(`it ended before it was ready:\n${lines.join('\n')}`));
    });
  });
}, LONG);
afterAll(async () => {
  if (child.exitCode === null) {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  rmSync(folder, { recursive: true, force: true });
}, LONG);
const demo = (): DemoFile => JSON.parse(readFileSync(join(data, 'demo.json'), 'utf8')) as DemoFile;

test('prints the address to open and no log', () => {
  expect(lines).toContain(`Open first      ${demo().portalUrl}`);
  expect(lines.filter((line) => line.startsWith('{') || line.includes('WARNING'))).toEqual([]);
});

test('the portal’s page comes from its source, the API from the trustee', async () => {
  const { portalUrl } = demo();
  const page = await (await fetch(portalUrl, { headers: { Accept: 'text/html' } })).text();
  expect(page).toContain('/@vite/client');
  const source = await fetch(`${portalUrl}/src/main.tsx`);
  expect([source.status, source.headers.get('content-type')]).toEqual([200, 'text/javascript']);
  const answer = await fetch(`${portalUrl}/api/v1/me`);
  expect([answer.status, await answer.json()]).toEqual([
    401,
    expect.objectContaining({ code: 'UNAUTHENTICATED' }),
  ]);
});

test('a patient signs in through it', async () => {
  const { portalUrl, patients } = demo();
  const [patient] = patients;
  const signedIn = await PatientClient.signIn(portalUrl, patient?.username ?? '', patient?.password ?? '');
  expect((await signedIn.get('me')).status).toBe(200);
});

test(
  'a signal ends all of it',
  async () => {
    child.kill('SIGTERM');
    const [code] = (await once(child, 'exit')) as [number | null];
    expect(code).toBe(0);
    await expect(fetch(demo().portalUrl)).rejects.toThrow();
    await expect(fetch(demo().operationsUrls[0] ?? '')).rejects.toThrow();
  },
  LONG,
);
