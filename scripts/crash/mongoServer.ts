// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePorts } from '../network/freePorts';

/** The program's source; it lies as far above `dist/crash` as above `scripts/crash`. */
const SOURCE = path.resolve(__dirname, '../../test/support/ferretdb');
const BUILD_MS = 600_000;

export type NamedServer = { readonly kind: 'uri'; readonly uri: string };
export type OwnServer = { readonly kind: 'ferretdb'; readonly program: string };
export type NoServer = { readonly kind: 'absent'; readonly reason: string };
/** Which MongoDB-compatible server the tests can have */
export type MongoSource = NamedServer | OwnServer | NoServer;

/**
 * `MONGODB_URI`, else FerretDB built by the Go toolchain (a minute, once; kept in the temporary folder under
 * the hash of its source), else the reason why there is none. Synchronous, so that a suite knows before it
 * declares its tests.
 */
export function findMongo(environment: NodeJS.ProcessEnv = process.env): MongoSource {
  const uri = environment['MONGODB_URI'];
  return uri !== undefined && uri !== '' ? { kind: 'uri', uri } : findFerretDb();
}

/** FerretDB, whatever `MONGODB_URI` says: for tests that break their server. */
export function findFerretDb(): OwnServer | NoServer {
  if (spawnSync('go', ['version']).status !== 0) {
    return {
      kind: 'absent',
      reason: 'MONGODB_URI is not set and there is no Go toolchain to build FerretDB with',
    };
  }
  const parts = ['main.go', 'go.mod', 'go.sum'].map((name) => readFileSync(path.join(SOURCE, name)));
  const hash = createHash('sha256').update(Buffer.concat(parts)).digest('hex').slice(0, 16);
  const program = path.join(tmpdir(), `chartwitness-ferretdb-${hash}`, 'ferretdb');
  return existsSync(program) ? { kind: 'ferretdb', program } : build(program);
}

function build(program: string): OwnServer | NoServer {
  const next = `${program}.${randomBytes(4).toString('hex')}`;
  mkdirSync(path.dirname(program), { recursive: true });
  process.stderr.write('Building FerretDB for the MongoDB tests, once …\n');
  const built = spawnSync('go', ['build', '-trimpath', '-o', next, '.'], {
    cwd: SOURCE,
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

/** A running server; each test takes a database of its own */
export interface MongoServer {
  /** Connection string of a database that nobody else uses */
  database: () => string;
  /** Ends the server at once, as a crash does; only where the tests started it */
  crash: () => Promise<void>;
  /** Starts it again with the same data at the same address; with `maxPages`, its disk
   * is full when a database has so many pages of 4 KiB */
  restart: (maxPages?: number) => Promise<void>;
  isOurs: boolean;
  close: () => Promise<void>;
}

export async function startMongo(source: NamedServer | OwnServer): Promise<MongoServer> {
  if (source.kind === 'uri') {
    return foreignServer(source.uri);
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'chartwitness-mongo-'));
  const address = `127.0.0.1:${String(await freePorts(1))}`;
  let running = await launch(source.program, [address, folder]);
  const crash = async () => {
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
    restart: async (maxPages) => {
      running = await launch(source.program, [
        address,
        folder,
        ...(maxPages === undefined ? [] : [String(maxPages)]),
      ]);
    },
    close: async () => {
      await crash();
      rmSync(folder, { recursive: true });
    },
  };
}

function foreignServer(uri: string): MongoServer {
  const notOurs = () => Promise.reject(new Error('this server is not the tests’ own'));
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

function databaseName() {
  return `chartwitness_test_${randomBytes(6).toString('hex')}`;
}

async function launch(program: string, args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = `${complaint}${text}`.slice(-2000);
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
