// SPDX-License-Identifier: Apache-2.0
import { createReadStream, existsSync, statSync, watchFile } from 'node:fs';
import { parseArgs } from 'node:util';
import { binariesIfPresent, findBinaries } from './binaries';
import { type Network, readDescription } from './description';
import { logFile } from './layout';
import { clean, deploy, down, expectedParts, status, type Status, up } from './commands';
import { NetworkError } from './networkError';
import { printedCommand } from './printedCommand';
import { lastLines, recordedParts } from './processes';
import { readState } from './state';

const USAGE = `A Hyperledger Fabric network on this machine, without containers. For development: all keys lie on one disk.

  npm run network -- up                start what does not run (the first time: make certificates and the channel)
  npm run network -- deploy            install, approve and commit the compiled chaincode, and run it
  npm run network -- status [--json]   what runs, where, and how long each peer's ledger is
  npm run network -- logs [part]       the end of one part's log, or of all  (--lines 40, --follow)
  npm run network -- down              stop everything; the data stay
  npm run network -- clean             stop everything and remove the data

  --network FILE            another description (default scripts/network/network.json)
  --data DIR                where its data lie (default .data/network)
  --port-base N             first port (default 7500): orderer N, peers N+10, N+20, …, chaincode from N+100
  --max-message-count N     transactions in a block (default 1);  --batch-timeout 50ms   (both: only before the first up)
  --chaincode DIR           folder of the compiled chaincode to deploy;  --upgrade   deploy again even if nothing changed

Fabric's programs are taken from FABRIC_BIN, else from PATH.
`;

const OPTIONS = {
  network: { type: 'string' },
  data: { type: 'string' },
  'port-base': { type: 'string' },
  'max-message-count': { type: 'string' },
  'batch-timeout': { type: 'string' },
  chaincode: { type: 'string' },
  upgrade: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  lines: { type: 'string', default: '40' },
  follow: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

const say = (line: string) => void process.stdout.write(`${line}\n`);

export type Values = ReturnType<typeof parse>['values'];

const COMMANDS: Record<string, (network: Network, values: Values, rest: string[]) => Promise<number>> = {
  up: async (network) => (await up(network, findBinaries(process.env), say), 0),
  deploy: async (network, values) => (
    await deploy(network, findBinaries(process.env), say, { upgrade: values.upgrade }),
    0
  ),
  status: async (network, values) =>
    printStatus(network, await status(network, binariesIfPresent(process.env)), values.json),
  logs: async (network, values, rest) => printLogs(network, values, rest[0]),
  down: async (network) => (await down(network, say), 0),
  clean: async (network) => (await clean(network, say), 0),
};

/** @returns exit status: 0 done, 1 could not, 2 wrong usage, 3 (status only) not fully up */
async function main(): Promise<number> {
  const { values, positionals } = parse(process.argv.slice(2));
  const [name, ...rest] = positionals;
  if (values.help || name === undefined) {
    return (say(USAGE), values.help ? 0 : 2);
  }
  const command = COMMANDS[name];
  if (command === undefined) {
    throw usage(`There is no command ${name}.`);
  }
  const network = readDescription({
    file: values.network,
    dataDir: values.data,
    portBase: wholeNumber(values, 'port-base'),
    maxMessageCount: wholeNumber(values, 'max-message-count'),
    batchTimeout: values['batch-timeout'],
    chaincodePath: values.chaincode,
  });
  return command(network, values, rest);
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true });
  } catch (cause) {
    throw usage((cause as Error).message);
  }
}

function wholeNumber(values: Values, name: 'port-base' | 'max-message-count' | 'lines') {
  const text = values[name];
  if (text === undefined) {
    return undefined;
  }
  if (!/^\d+$/.test(text)) {
    throw usage(`--${name} takes a whole number, not ${text}.`);
  }
  return Number(text);
}

const usage = (message: string) => new NetworkError('USAGE', message, 'See `npm run network -- --help`.');

function printStatus(network: Network, found: Status, asJson: boolean) {
  if (asJson) {
    say(JSON.stringify(found, null, 2));
    return found.state === 'up' ? 0 : 3;
  }
  say(`${found.state}${found.fabricVersion === undefined ? '' : `, Fabric ${found.fabricVersion}`}`);
  for (const { part, pid, ports, height } of found.parts) {
    const what = pid === undefined ? 'not running' : `process ${String(pid)}, ports ${ports.join(', ')}`;
    say(`  ${part.padEnd(24)} ${what}${height === undefined ? '' : `, ${String(height)} blocks`}`);
  }
  say(
    found.deployed === undefined
      ? '  no chaincode'
      : `  ${found.deployed.label}, sequence ${String(found.deployed.sequence)}`,
  );
  if (found.state === 'half-started') {
    say(
      `Remedy: ${printedCommand(network, 'up')} starts what is missing; ${printedCommand(network, 'down')} stops the rest.`,
    );
  }
  return found.state === 'up' ? 0 : 3;
}

function printLogs(network: Network, values: Values, part: string | undefined) {
  const known = [...new Set([...expectedParts(network, readState(network)), ...recordedParts(network)])];
  const wanted =
    part === undefined ? known : known.filter((each) => each === part || each.startsWith(`${part}.`));
  if (wanted.length === 0) {
    throw usage(`There is no part ${String(part)}. Parts: ${known.join(', ')}.`);
  }
  for (const each of wanted) {
    for (const line of lastLines(network, each, wholeNumber(values, 'lines') ?? 40)) {
      say(`${each} | ${line}`);
    }
    if (values.follow) {
      follow(network, each);
    }
  }
  return Promise.resolve(0);
}

/** Prints what is appended from now on, until the command is interrupted. */
function follow(network: Network, part: string) {
  const file = logFile(network, part);
  let read = existsSync(file) ? statSync(file).size : 0;
  watchFile(file, { interval: 300 }, ({ size }) => {
    if (size < read) {
      read = 0;
    }
    if (size === read) {
      return;
    }
    const start = read;
    read = size;
    createReadStream(file, { start, end: size - 1 }).pipe(process.stdout, { end: false });
  });
}

// A reader that has seen enough (`… | head`) is no error.
process.stdout.on('error', (cause) => {
  if ((cause as NodeJS.ErrnoException).code !== 'EPIPE') {
    throw cause;
  }
  process.exit();
});

main().then(
  (status) => {
    process.exitCode = status;
  },
  (cause: unknown) => {
    if (!(cause instanceof NetworkError)) {
      throw cause;
    }
    process.stderr.write(`error: ${cause.message}\nremedy: ${cause.remedy}\n`);
    process.exitCode = cause.code === 'USAGE' ? 2 : 1;
  },
);
