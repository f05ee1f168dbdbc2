// SPDX-License-Identifier: Apache-2.0
import { Command } from 'commander';
import { join, resolve } from 'node:path';
import { parseMongodbUri } from '../config/singleVariables';
import { CommandFailed } from '../cli/commandIo';
import type { LibraryWords } from '../demo/demoLog';

/** `chartwitness demo`. */
export function demoCommand(): Command {
  return new Command('demo')
    .description(
      'The whole system in one process: two hospitals, the trustee, eight synthetic patients, a day of traffic.',
    )
    .option('--fresh', 'start over: delete the data of earlier runs first')
    .option(
      '--check',
      'play the story once on free ports in a temporary folder, verify each step over HTTP, exit 0 or 1',
    )
    .option('--no-traffic', 'start without the day of traffic')
    .option('--data-dir <dir>', 'where keys, ledger and stores live', '.data')
    .option(
      '--port <port>',
      'port of the portal; the hospitals take the two after it, metrics the three after those (0: free ones)',
      '8100',
    )
    .option(
      '--fabric',
      'on a Hyperledger Fabric network on this machine instead of the embedded ledger, every role in a process of its own',
    )
    .option('--network-port <port>', 'with --fabric: first port of that network', '7500')
    .option('--mongodb', 'keep the read model in the MongoDB that MONGODB_URI names')
    .option(
      '--portal-url <url>',
      'address under which browsers reach the portal, where a proxy stands before it',
    )
    .option('--log <file>', 'where the log goes, - for standard error (default: DIR/demo.log)')
    .option('--log-level <level>', 'fatal, error, warn, info, debug or trace', 'warn')
    .addHelpText(
      'after',
      `
Prints the portal's address and the patients' sign-in names, and writes all of it to DIR/demo.json for programs. The log goes to DIR/demo.log.
Everything in it is synthetic. Stop it with Ctrl-C; the data stay and are used again.

With --fabric: needs Fabric's programs (peer, orderer, configtxgen, cryptogen, osnadmin) in FABRIC_BIN or on PATH. The network, and a folder
with keys, stores and the configuration file of each organisation, are kept in DIR/fabric; logs in DIR/fabric/processes/logs and
DIR/fabric/network/logs.

Examples:
  $ chartwitness demo --check
  $ FABRIC_BIN=~/fabric/bin chartwitness demo --fabric --fresh
  $ MONGODB_URI=mongodb://127.0.0.1:27017/chartwitness chartwitness demo --mongodb`,
    )
    .action(async (options: DemoFlags) => {
      const { keepLibraryWords } = await import('../demo/demoLog.js');
      const libraryWords = keepLibraryWords();
      try {
        await demo(options, libraryWords);
      } finally {
        libraryWords.release();
      }
    });
}

async function demo(options: DemoFlags, libraryWords: LibraryWords): Promise<void> {
  // Loaded here, so that help and complaints about the command line do not wait for the whole product.
  const { runCheck, runDemo } = await import('../demo/runDemo.js');
  const say = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  const mongodbUri = options.mongodb === true ? parseMongodbUri(process.env) : undefined;
  if (options.check === true) {
    process.exitCode = await runCheck({
      say,
      logLevel: options.logLevel,
      logPlace: options.log,
      libraryWords,
      mongodbUri,
      fabric: options.fabric === true ? { networkPort: 0 } : undefined,
    });
    return;
  }
  const dataDir = resolve(options.dataDir);
  await runDemo({
    dataDir,
    demoFile: join(dataDir, 'demo.json'),
    fresh: options.fresh === true,
    traffic: options.traffic,
    port: parsePort('--port', options.port),
    mongodbUri,
    fabric:
      options.fabric === true ? { networkPort: parsePort('--network-port', options.networkPort) } : undefined,
    portalUrl: parsePortalUrl(options),
    logLevel: options.logLevel,
    logPlace: options.log ?? join(dataDir, 'demo.log'),
    libraryWords,
    say,
  });
}

interface DemoFlags {
  readonly fresh?: true;
  readonly check?: true;
  readonly traffic: boolean;
  readonly dataDir: string;
  readonly port: string;
  readonly fabric?: true;
  readonly networkPort: string;
  readonly mongodb?: true;
  readonly portalUrl?: string;
  readonly log?: string;
  readonly logLevel: string;
}

const HIGHEST_PORT = 65_530;

function parsePort(option: string, text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > HIGHEST_PORT) {
    throw new CommandFailed(`${option} must be a number from 0 to ${String(HIGHEST_PORT)}, not "${text}"`);
  }
  return port;
}

/** An origin, since the trustee's paths follow it. */
function parsePortalUrl({ portalUrl, fabric }: DemoFlags): string | undefined {
  if (portalUrl === undefined) {
    return undefined;
  }
  if (fabric === true) {
    throw new CommandFailed('--portal-url is for the embedded ledger, not for --fabric');
  }
  if (!URL.canParse(portalUrl) || new URL(portalUrl).origin !== portalUrl) {
    throw new CommandFailed(
      `--portal-url must be an origin such as http://127.0.0.1:8090, not "${portalUrl}"`,
    );
  }
  return portalUrl;
}
