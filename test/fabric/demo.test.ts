// SPDX-License-Identifier: Apache-2.0
/** `chartwitness demo --fabric`, as a user runs it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DemoFile } from '../../gateway/src/demo/demoFile';
import { freePortBase } from '../../scripts/network/freePorts';
import { birthOf } from '../../scripts/network/processes';
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
  const options = ['--data-dir', folder, '--port', '0', '--no-traffic'];
  let running: Demo | undefined;
  beforeAll(async () => {
    options.push('--network-port', String(await freePortBase()));
  });
  afterAll(async () => {
    running?.signal('SIGTERM');
    await running?.code();
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

  test('starts each role as a process, and survives its own kill -9', async () => {
    const first = new Demo([...options, '--fresh']);
    await first.says('Ctrl-C stops it.');
    const before = readDemo();
    const started = pids();
    expect(started).toHaveLength(10);
    expect(started.every(lives)).toBe(true);
    for (const config of [
      'TrusteeMSP/trustee.env',
      'NorthHospitalMSP/hospital.env',
      'SouthClinicMSP/hospital.env',
    ]) {
      expect(statSync(fabric(config)).mode & 0o777).toBe(0o600);
    }
    first.signal('SIGKILL');
    await first.code();

    running = new Demo(options);
    await running.says('with the data of earlier runs');
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
    // What the killed one left behind goes on or was ended; nothing runs twice.
    expect(pids()).toHaveLength(10);
    expect(started.filter((pid) => lives(pid) && !pids().includes(pid))).toEqual([]);
  });

  test('a second one on the same folder is refused, and the first goes on', async () => {
    const other = new Demo(options);
    expect(await other.code()).toBe(1);
    expect(other.output).toContain('is in use by process');
    expect(pids().every(lives)).toBe(true);
  });

  test('Ctrl-C stops everything; the data stay', async () => {
    const left = pids();
    expect(left).toHaveLength(10);
    running?.signal('SIGINT');
    expect(await running?.code()).toBe(0);
    expect(left.filter(lives)).toEqual([]);
    expect(existsSync(fabric('network', 'state.json'))).toBe(true);
  });

  test('without Fabric’s programs it says which and where to get them, and leaves nothing', async () => {
    const demo = new Demo(['--check'], { ...process.env, FABRIC_BIN: folder });
    expect(await demo.code()).toBe(1);
    expect(demo.output).toContain('peer, orderer, configtxgen, cryptogen, osnadmin');
    expect(existsSync(path.join(folder, 'demo.json.next'))).toBe(false);
  });
});
