// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import {
  startEmbeddedLedger,
  type CollectionConfig,
  type EmbeddedLedger,
  type UserCredentials,
} from '../embedded';
import { holdFolder } from '../compose/heldFolder';

interface LedgerFlags {
  chaincode: string;
  collections?: string;
  policy: string;
  organisations: string[];
  profile: string;
  channel: string;
  name?: string;
  chaincodeVersion: string;
  data?: string;
  host: string;
  port: number;
  restartChaincode?: true;
}

/** How a client reaches each organisation: keys `1`, `2`, … in the order of `--organisations`. */
interface ConnectionProfile {
  channel: string;
  chaincode: string;
  orgs: Record<
    string,
    { mspId: string; endpoint: string; users: Record<string, { cert: string; key: string }> }
  >;
}

const HELP = `
The chaincode directory has a package.json whose main file exports its contracts; its dependencies (fabric-contract-api,
fabric-shim) must be installed. Each organisation gets a certificate authority, a peer, a user User1 and an Admin.

Example:
  $ npx chartwitness ledger --chaincode ./my-chaincode --collections collections.json \\
      --policy "AND('Org2MSP.peer', OR('Org1MSP.peer','Org3MSP.peer'))" \\
      --organisations Org1MSP,Org2MSP,Org3MSP --profile profile.json

The profile holds the channel, the chaincode's name and, under orgs."1", orgs."2", …, each organisation's endpoint and the
paths of its users' certificates and keys. Connections are plain gRPC. Everything runs in one process: these are not
independent parties.`;

/** `chartwitness ledger`: the embedded ledger alone, for any chaincode. */
export function ledgerCommand(): Command {
  return new Command('ledger')
    .description('start the embedded Fabric ledger alone, with any chaincode, and write a connection profile')
    .requiredOption('--chaincode <directory>', 'directory of the compiled chaincode')
    .requiredOption('--policy <policy>', "endorsement policy, e.g. AND('A.peer','B.peer')")
    .requiredOption('--organisations <list>', 'MSP ids, separated by commas', parseList)
    .requiredOption('--profile <file>', 'connection profile to write when the ledger is ready')
    .option('--collections <file>', "private data collections, Fabric's JSON form")
    .option('--channel <name>', 'channel', 'access')
    .option(
      '--name <name>',
      "chaincode name (default: the package's name without scope and -cc or -chaincode)",
    )
    .option('--chaincode-version <version>', 'chaincode version', '1')
    .option(
      '--data <directory>',
      'where keys and blocks are kept (default: a temporary directory, removed at the end)',
    )
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option(
      '--port <port>',
      'port of the first peer, the others follow it (default: free ports)',
      parsePort,
      0,
    )
    .option('--restart-chaincode', 'start the chaincode again when it ends; without it, it stays down')
    .addHelpText('after', HELP)
    .action(run);
}

function parseList(text: string): string[] {
  const items = text.split(',').map((item) => item.trim());
  if (items.includes('')) {
    throw new InvalidArgumentError('Give MSP ids separated by commas, e.g. Org1MSP,Org2MSP.');
  }
  return items;
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new InvalidArgumentError('Give a port between 0 and 65535.');
  }
  return port;
}

async function run(flags: LedgerFlags, command: Command): Promise<void> {
  const temporary =
    flags.data === undefined ? mkdtempSync(path.join(tmpdir(), 'chartwitness-ledger-')) : undefined;
  const removeTemporary = (): void => {
    if (temporary !== undefined) {
      rmSync(temporary, { recursive: true, force: true });
    }
  };
  try {
    const stopped = untilSignal();
    const dataDir = flags.data ?? temporary ?? '';
    const held = holdFolder(dataDir);
    const ledger = await start(flags, dataDir).catch((error: unknown) => {
      held.release();
      throw error;
    });
    try {
      writeProfile(flags, ledger);
      log(`ready; profile ${path.resolve(flags.profile)}; stop with Ctrl-C`);
      await stopped;
    } finally {
      await ledger.close();
      held.release();
    }
  } catch (error) {
    command.error(`error: ${error instanceof Error ? error.message : String(error)}`, { exitCode: 1 });
  } finally {
    removeTemporary();
  }
}

function start(flags: LedgerFlags, dataDir: string): Promise<EmbeddedLedger> {
  return startEmbeddedLedger({
    dataDir,
    channel: flags.channel,
    organisations: flags.organisations.map((mspId) => ({ mspId })),
    chaincode: {
      name: flags.name ?? chaincodeName(flags.chaincode),
      module: flags.chaincode,
      version: flags.chaincodeVersion,
      endorsementPolicy: flags.policy,
      collections: flags.collections === undefined ? [] : readCollections(flags.collections),
      onExit: flags.restartChaincode ? 'restart' : 'stop',
    },
    listen: { host: flags.host, port: flags.port },
    log,
  });
}

function chaincodeName(directory: string): string {
  const manifest = readJson(
    path.join(directory, 'package.json'),
    'the chaincode has no readable package.json',
  );
  const { name } = manifest as { name?: unknown };
  if (typeof name !== 'string') {
    throw new Error(`${directory}/package.json has no name; give one with --name.`);
  }
  return name.replace(/^@[^/]+\//, '').replace(/-(cc|chaincode)$/, '');
}

function readCollections(file: string): CollectionConfig[] {
  const parsed = readJson(file, 'the collections file cannot be used');
  if (!Array.isArray(parsed)) {
    throw new Error(`${file}: expected a JSON array of collections.`);
  }
  return parsed as CollectionConfig[];
}

function readJson(file: string, problem: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(`${file}: ${problem}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

/** The file appears whole, so that a program that waits for it can read it at once. */
function writeProfile(flags: LedgerFlags, ledger: EmbeddedLedger): void {
  const profile: ConnectionProfile = { channel: ledger.channel, chaincode: ledger.chaincodeName, orgs: {} };
  flags.organisations.forEach((mspId, i) => {
    const { endpoint, users } = ledger.organisation(mspId);
    profile.orgs[String(i + 1)] = {
      mspId,
      endpoint,
      users: Object.fromEntries(Object.entries(users).map(userPaths)),
    };
  });
  writeFileSync(`${flags.profile}.new`, `${JSON.stringify(profile, null, 2)}\n`);
  renameSync(`${flags.profile}.new`, flags.profile);
}

function userPaths([name, user]: [string, UserCredentials]): [string, { cert: string; key: string }] {
  return [name, { cert: user.certificatePath, key: user.privateKeyPath }];
}

function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => {
      resolve();
    });
    process.once('SIGTERM', () => {
      resolve();
    });
  });
}

function log(line: string): void {
  process.stdout.write(`${line}\n`);
}
