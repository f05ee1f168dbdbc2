// SPDX-License-Identifier: Apache-2.0
// @ts-check
/*
 * npm run dev The demonstration for somebody who changes it: compiled and restarted on a change of chaincode
 * or gateway, the portal by Vite, which shows a change at once and passes the trustee's paths on.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startCompiler } from './compiler.mjs';
import { createDemoProcess } from './demoProcess.mjs';
import { startPortal } from './portal.mjs';
import { freePorts } from '../../dist/network/freePorts.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const HOST = '127.0.0.1';
/** The portal's port, then those that a demonstration takes. */
const PORTS = 7;

const USAGE = `The demonstration with a watch on its source. Open the address that it prints; Ctrl-C ends all of it.

  --port N         port of the portal; trustee, hospitals and metrics take the six after it (default 8090; 0: free ones)
  --data DIR       where keys, ledger and stores live (default .data/dev)
  --fresh          start over: delete the data of earlier runs first
  --no-traffic     start without the day of traffic
  --inspect[=N]    Node's inspector in the services, on this port of the loopback address (default 9229)
`;

/** @param {string} line */
const say = (line) => void process.stdout.write(`${line}\n`);

/** @param {string[]} args */
function readArgs(args) {
  // Alone it stands for a value, which the parser of Node.js does not know.
  const withPort = args.map((each) => (each === '--inspect' ? '--inspect=9229' : each));
  const { values } = parseArgs({
    args: withPort,
    options: {
      port: { type: 'string', default: '8090' },
      data: { type: 'string', default: join(ROOT, '.data', 'dev') },
      fresh: { type: 'boolean', default: false },
      'no-traffic': { type: 'boolean', default: false },
      inspect: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  for (const text of [values.port, values.inspect ?? '0']) {
    if (!/^\d{1,5}$/.test(text)) {
      throw new Error(`a port is a whole number, not "${text}"`);
    }
  }
  return values;
}

async function main() {
  const options = readArgs(process.argv.slice(2));
  if (options.help) {
    return void process.stdout.write(USAGE);
  }
  const port = options.port === '0' ? await freePorts(PORTS) : Number(options.port);
  const portalUrl = `http://${HOST}:${String(port)}`;
  const demo = createDemoProcess({
    root: ROOT,
    say,
    inspect: options.inspect,
    args: [
      ...['--port', String(port + 1), '--portal-url', portalUrl, '--data-dir', options.data],
      ...(options['no-traffic'] ? ['--no-traffic'] : []),
    ],
    firstArgs: options.fresh ? ['--fresh'] : [],
  });
  say('Compiling; the services follow …');
  const portal = await startPortal({
    root: ROOT,
    host: HOST,
    port,
    trusteeUrl: `http://${HOST}:${String(port + 1)}`,
    say,
  });
  const compiler = startCompiler({
    root: ROOT,
    say,
    onCompiled: () => {
      demo.restart();
    },
  });
  await stopped(compiler.ended);
  await Promise.all([compiler.stop(), demo.stop(), portal.close()]);
  say(`Stopped; the data stay in ${options.data}.`);
}

/**
 * Waits for the first signal, or for the compiler's end, which is a failure. A second signal ends at once.
 * @param {Promise<void>} compilerEnded
 */
async function stopped(compilerEnded) {
  const signalled = new Promise((resolve) => {
    for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
      process.once(signal, resolve);
    }
  });
  const first = await Promise.race([signalled, compilerEnded]);
  if (first === undefined) {
    process.exitCode = 1;
  }
}

main().catch((/** @type {unknown} */ error) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  process.exitCode = 2;
});
