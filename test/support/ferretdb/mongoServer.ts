// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Which MongoDB-compatible server the tests can have. */
export type MongoSource =
  | { readonly kind: 'uri'; readonly uri: string }
  | { readonly kind: 'ferretdb'; readonly program: string }
  | { readonly kind: 'absent'; readonly reason: string };

const BUILD_MS = 600_000;

/**
 * `MONGODB_URI`, else FerretDB built by the Go toolchain (a minute, once; kept in the temporary folder under the hash of its source), else
 * the reason why there is none. Synchronous, so that a suite knows before it declares its tests.
 */
export function findMongo(environment: NodeJS.ProcessEnv = process.env): MongoSource {
  const uri = environment['MONGODB_URI'];
  if (uri !== undefined && uri !== '') {
    return { kind: 'uri', uri };
  }
  if (spawnSync('go', ['version']).status !== 0) {
    return {
      kind: 'absent',
      reason: 'MONGODB_URI is not set and there is no Go toolchain to build FerretDB with',
    };
  }
  const source = ['main.go', 'go.mod', 'go.sum'].map((name) => readFileSync(join(__dirname, name)));
  const hash = createHash('sha256').update(Buffer.concat(source)).digest('hex').slice(0, 16);
  const program = join(tmpdir(), `chartwitness-ferretdb-${hash}`, 'ferretdb');
  return existsSync(program) ? { kind: 'ferretdb', program } : build(program);
}

function build(program: string): MongoSource {
  const next = `${program}.${randomBytes(4).toString('hex')}`;
  mkdirSync(join(program, '..'), { recursive: true });
  process.stderr.write('Building FerretDB for the MongoDB tests, once …\n');
  const built = spawnSync('go', ['build', '-trimpath', '-o', next, '.'], {
    cwd: __dirname,
    timeout: BUILD_MS,
    encoding: 'utf8',
  });
  if (built.status !== 0) {
    const why = built.stderr.trim().split('\n').at(-1) ?? '';
    return { kind: 'absent', reason: `MONGODB_URI is not set and FerretDB could not be built: ${why}` };
  }
  renameSync(next, program);
  return { kind: 'ferretdb', program };
}

/** A running server; each test takes a database of its own. */
export interface MongoServer {
  /** Connection string of a database that nobody else uses. */
  database(): string;
  /** Ends the server at once, as a crash does. Only where the tests started it. */
  crash(): Promise<void>;
  /** Starts it again with the same data at the same address. */
  restart(): Promise<void>;
  readonly isOurs: boolean;
  close(): Promise<void>;
}

export async function startMongo(source: Exclude<MongoSource, { kind: 'absent' }>): Promise<MongoServer> {
  if (source.kind === 'uri') {
    return foreignServer(source.uri);
  }
  const folder = mkdtempSync(join(tmpdir(), 'chartwitness-mongo-'));
  const address = `127.0.0.1:${String(await freePort())}`;
  let running = await launch(source.program, address, folder);
  const crash = async (): Promise<void> => {
    const ended = new Promise((resolve) => running.once('exit', resolve));
    if (running.exitCode === null && running.signalCode === null) {
      running.kill('SIGKILL');
      await ended;
    }
  };
  return {
    isOurs: true,
    database: () => `mongodb://${address}/${databaseName()}`,
    crash,
    restart: async () => {
      running = await launch(source.program, address, folder);
    },
    close: async () => {
      await crash();
      rmSync(folder, { recursive: true });
    },
  };
}

function foreignServer(uri: string): MongoServer {
  const notOurs = (): Promise<never> => Promise.reject(new Error('this server is not the tests’ own'));
  return {
    isOurs: false,
    database: () => {
      const url = new URL(uri);
      url.pathname = `/${databaseName()}`;
      return url.href;
    },
    crash: notOurs,
    restart: notOurs,
    close: () => Promise.resolve(),
  };
}

function databaseName(): string {
  return `chartwitness_test_${randomBytes(6).toString('hex')}`;
}

async function launch(program: string, address: string, folder: string): Promise<ChildProcess> {
  const child = spawn(program, [address, folder], { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = `${complaint}${chunk.toString('utf8')}`.slice(-2000);
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => {
      resolve();
    });
    child.once('exit', () => {
      reject(new Error(`FerretDB ended: ${complaint}`));
    });
  });
  return child;
}

function freePort(): Promise<number> {
  const probe = createServer();
  return new Promise((resolve) => {
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => {
        resolve(port);
      });
    });
  });
}
