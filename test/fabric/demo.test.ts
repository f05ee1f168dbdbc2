// SPDX-License-Identifier: Apache-2.0
/** `chartwitness demo --fabric`, as a user runs it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DemoFile } from '../../gateway/src/demo/demoFile';
import { freePortBase } from '../../scripts/network/freePorts.mjs';
import { birthOf } from '../../scripts/network/processes.mjs';
import { describeFabric } from '../scripts/network/testNetwork';

const PROGRAM = path.join(__dirname, '..', '..', 'gateway', 'bin', 'chartwitness.cjs');

class Demo {
  output = '';
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown[]>;

  constructor(options: readonly string[], env: NodeJS.ProcessEnv = process.env) {
    this.#child = spawn(process.execPath, [PROGRAM, 'demo', '--fabric', ...options], { env });
    this.#ended = once(this.#child, 'exit');
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.output += chunk.toString();
        this.#child.emit('told');
      });
    }
  }

  /** Returns when the text was printed. @throws Error when the program ends without it. */
  async says(text: string): Promise<void> {
    while (!this.output.includes(text)) {
      await Promise.race([once(this.#child, 'told'), this.#endsInstead(text)]);
    }
  }

  async #endsInstead(text: string): Promise<never> {
    await this.#ended;
    throw new Error(`The program ended without "${text}":\n${this.output}`);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async code(): Promise<unknown> {
    return (await this.#ended)[0];
  }
}

const lives = (pid: number): boolean => birthOf(pid) !== undefined;

describeFabric('chartwitness demo --fabric', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'chartwitness-demo-'));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const fabric = (...names: string[]): string => path.join(folder, 'fabric', ...names);
  const readDemo = (): DemoFile =>
    JSON.parse(readFileSync(path.join(folder, 'demo.json'), 'utf8')) as DemoFile;
  const pids = (): number[] =>
    [fabric('processes', 'run'), fabric('network', 'run')].flatMap((directory) =>
      readdirSync(directory).map(
        (name) => (JSON.parse(readFileSync(path.join(directory, name), 'utf8')) as { pid: number }).pid,
      ),
    );

  test('starts each role as a process, survives its own kill -9, and stops everything', async () => {
    const options = [
      '--data-dir',
      folder,
      '--port',
      '0',
      '--network-port',
      String(await freePortBase()),
      '--no-traffic',
    ];
    const first = new Demo(options);
    await first.says('Ctrl-C stops it.');
    const before = readDemo();
    const running = pids();
    expect(running).toHaveLength(10);
    expect(running.every(lives)).toBe(true);
    for (const config of [
      'TrusteeMSP/trustee.env',
      'NorthHospitalMSP/hospital.env',
      'SouthClinicMSP/hospital.env',
    ]) {
      expect(statSync(fabric(config)).mode & 0o777).toBe(0o600);
    }
    first.signal('SIGKILL');
    await first.code();

    const second = new Demo(options);
    await second.says('with the data of earlier runs');
    const after = readDemo();
    expect(after.patients).toEqual(before.patients);
    expect(after.hospitals.map(({ clients }) => clients)).toEqual(
      before.hospitals.map(({ clients }) => clients),
    );
    const answers = await Promise.all(
      [after.portalUrl, ...after.hospitals.map(({ fhirBaseUrl }) => new URL(fhirBaseUrl).origin)].map(
        async (url) => (await fetch(`${url}/readyz`)).status,
      ),
    );
    expect(answers).toEqual([200, 200, 200]);
    const left = pids();
    second.signal('SIGTERM');
    expect(await second.code()).toBe(0);
    expect([...running, ...left].filter(lives)).toEqual([]);
  });

  test('a second one on the same folder is refused, and the first goes on', async () => {
    const options = ['--data-dir', folder, '--port', '0', '--network-port', String(await freePortBase())];
    const one = new Demo([...options, '--fresh', '--no-traffic']);
    await one.says('Ctrl-C stops it.');
    const other = new Demo(options);
    expect(await other.code()).toBe(1);
    expect(other.output).toContain('is working on');
    expect(pids().every(lives)).toBe(true);
    one.signal('SIGINT');
    expect(await one.code()).toBe(0);
  });

  test('without Fabric’s programs it says which and where to get them, and leaves nothing', async () => {
    const demo = new Demo(['--check'], { ...process.env, FABRIC_BIN: folder });
    expect(await demo.code()).toBe(1);
    expect(demo.output).toContain('peer, orderer, configtxgen, cryptogen, osnadmin');
    expect(existsSync(path.join(folder, 'demo.json.next'))).toBe(false);
  });
});
