// SPDX-License-Identifier: Apache-2.0
// @ts-check
import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../../../scripts/dev/ports.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const BUILD_MS = 600_000;

/**
 * @typedef {{readonly kind: 'uri', readonly uri: string}} NamedServer
 * @typedef {{readonly kind: 'ferretdb', readonly program: string}} OwnServer
 * @typedef {{readonly kind: 'absent', readonly reason: string}} NoServer
 * @typedef {NamedServer | OwnServer | NoServer} MongoSource which MongoDB-compatible server the tests can have
 */

/**
 * `MONGODB_URI`, else FerretDB built by the Go toolchain (a minute, once; kept in the temporary folder under the hash of its source), else
 * the reason why there is none. Synchronous, so that a suite knows before it declares its tests.
 * @param {NodeJS.ProcessEnv} [environment]
 * @returns {MongoSource}
 */
export function findMongo(environment = process.env) {
  const uri = environment['MONGODB_URI'];
  return uri !== undefined && uri !== '' ? { kind: 'uri', uri } : findFerretDb();
}

/** FerretDB, whatever `MONGODB_URI` says: for tests that break their server. @returns {OwnServer | NoServer} */
export function findFerretDb() {
  if (spawnSync('go', ['version']).status !== 0) {
    return {
      kind: 'absent',
      reason: 'MONGODB_URI is not set and there is no Go toolchain to build FerretDB with',
    };
  }
  const source = ['main.go', 'go.mod', 'go.sum'].map((name) => readFileSync(path.join(HERE, name)));
  const hash = createHash('sha256').update(Buffer.concat(source)).digest('hex').slice(0, 16);
  const program = path.join(tmpdir(), `chartwitness-ferretdb-${hash}`, 'ferretdb');
  return existsSync(program) ? { kind: 'ferretdb', program } : build(program);
}

/** @param {string} program @returns {OwnServer | NoServer} */
function build(program) {
  const next = `${program}.${randomBytes(4).toString('hex')}`;
  mkdirSync(path.dirname(program), { recursive: true });
  process.stderr.write('Building FerretDB for the MongoDB tests, once …\n');
  const built = spawnSync('go', ['build', '-trimpath', '-o', next, '.'], {
    cwd: HERE,
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

/**
 * @typedef {object} MongoServer a running server; each test takes a database of its own
 * @property {() => string} database connection string of a database that nobody else uses
 * @property {() => Promise<void>} crash ends the server at once, as a crash does; only where the tests started it
 * @property {(maxPages?: number) => Promise<void>} restart starts it again with the same data at the same address; with `maxPages`, its disk
 *   is full when a database has so many pages of 4 KiB
 * @property {boolean} isOurs
 * @property {() => Promise<void>} close
 */

/** @param {NamedServer | OwnServer} source @returns {Promise<MongoServer>} */
export async function startMongo(source) {
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

/** @param {string} uri @returns {MongoServer} */
function foreignServer(uri) {
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

/** @param {string} program @param {string[]} args */
async function launch(program, args) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (/** @type {Buffer} */ chunk) => {
    complaint = `${complaint}${chunk.toString('utf8')}`.slice(-2000);
  });
  await /** @type {Promise<void>} */ (
    new Promise((resolve, reject) => {
      child.stdout.once('data', () => {
        resolve();
      });
      child.once('exit', () => {
        reject(new Error(`FerretDB ended: ${complaint}`));
      });
    })
  );
  return child;
}
