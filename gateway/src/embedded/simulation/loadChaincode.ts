// SPDX-License-Identifier: Apache-2.0
import { createRequire } from 'node:module';
import path from 'node:path';
import type { ShimProtos } from './chaincodeSession';
import type { ShimStream } from './shimStream';

/** What the shim's message handler offers: it talks to a peer over a stream until the stream ends. */
interface MessageHandler {
  chat(register: unknown): void;
}

interface ContractInfo {
  contracts: unknown[];
  serializers: unknown;
  title: string;
  version: string;
}

/** The parts of fabric-shim 2.5.8 that start a chaincode; internal to it, so the version is pinned. */
interface Shim {
  ChaincodeMessageHandler: new (stream: ShimStream, chaincode: unknown) => MessageHandler;
  ChaincodeFromContract: new (
    contracts: unknown[],
    serializers: unknown,
    metadata: unknown,
    title: string,
    version: string,
  ) => unknown;
  Bootstrap: {
    getInfoFromContract(module: string): ContractInfo;
    getMetadata(module: string): Promise<unknown>;
  };
  peer: ShimProtos;
}

type LogMethod = (...values: unknown[]) => void;
type Logger = Record<string, LogMethod>;

/** The shim's levels, most important first; without a known one in the environment nothing is logged. */
const LEVELS = ['error', 'warn', 'info', 'debug'];

/**
 * Replaces the methods of levels that are off by functions that do nothing. The shim's logger would format
 * every line, with a time stamp, before it drops it, which costs more than the rest of a small transaction.
 */
function quietLoggers(load: NodeJS.Require, file: string): void {
  const logging = load(file) as { getLogger: (name?: string) => Logger };
  const wanted = (process.env['CORE_CHAINCODE_LOGGING_LEVEL'] ?? '').toLowerCase().replace('warning', 'warn');
  const off = LEVELS.slice(LEVELS.indexOf(wanted) + 1);
  const { getLogger } = logging;
  logging.getLogger = (name) => {
    const logger = getLogger(name);
    for (const level of off) {
      logger[level] = () => undefined;
    }
    return logger;
  };
}

function shimOf(module: string): Shim {
  const root = shimRoot(module);
  const load = createRequire(path.join(root, 'package.json'));
  quietLoggers(load, './lib/logger');
  quietLoggers(load, 'fabric-contract-api/lib/logger');
  const { ChaincodeMessageHandler } = load('./lib/handler') as Pick<Shim, 'ChaincodeMessageHandler'>;
  const { peer } = load('@hyperledger/fabric-protos') as Pick<Shim, 'peer'>;
  return {
    ChaincodeMessageHandler,
    ChaincodeFromContract: load('./lib/contract-spi/chaincodefromcontract') as Shim['ChaincodeFromContract'],
    Bootstrap: load('./lib/contract-spi/bootstrap') as Shim['Bootstrap'],
    peer,
  };
}

/**
 * The chaincode's own copy of the shim, so that its contract classes and the handler agree; else this
 * program's.
 */
function shimRoot(module: string): string {
  for (const from of [path.join(module, 'package.json'), __filename]) {
    try {
      return path.dirname(createRequire(from).resolve('fabric-shim/package.json'));
    } catch {
      continue; // not installed there: the next place is asked
    }
  }
  throw new Error(`fabric-shim is not installed for the chaincode in ${module}.`);
}

/** Loads the compiled chaincode of a directory; `start` makes it register over the given stream. */
export async function loadChaincode(
  module: string,
): Promise<{ protos: ShimProtos; start(stream: ShimStream, registerMessage: unknown): void }> {
  const shim = shimOf(module);
  const info = shim.Bootstrap.getInfoFromContract(module);
  const metadata = await shim.Bootstrap.getMetadata(module);
  const chaincode = new shim.ChaincodeFromContract(
    info.contracts.slice(),
    info.serializers,
    metadata,
    info.title,
    info.version,
  );
  return {
    protos: shim.peer,
    start: (stream, registerMessage) => {
      new shim.ChaincodeMessageHandler(stream, chaincode).chat(registerMessage);
    },
  };
}
