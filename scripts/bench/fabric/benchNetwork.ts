// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { connect, signers } from '@hyperledger/fabric-gateway';
import type { JWK } from 'jose';
import { bootstrapNetwork } from '../../../gateway/dist/compose/bootstrap';
import { connectToPeer } from '../../../gateway/dist/compose/openLedger';
import { parseLedgerConfig } from '../../../gateway/dist/config/peerConfig';
import type { FabricLedger } from '../../../gateway/dist/ledger/fabricLedger';
import { type Binaries, findBinaries } from '../../network/binaries';
import { clean, deploy, down, up } from '../../network/commands';
import { type DescriptionOptions, type Network, readDescription, trusteeOf } from '../../network/description';
import { freePortBase } from '../../network/freePorts';
import { recordedParts, running } from '../../network/processes';
import { environmentOf, profileOf } from '../../network/profiles';
import { newClient } from '../../network/readiness';
import { log, MEMBERS, NORTH, registerClient, TRUSTEE } from '../network';
import { type BlockCutting, setBlockCutting } from './blockSettings';
import { cpuMsOf } from './processors';

/** The seeding chaincode is deployed as it is, so it is not compiled. */
const SEEDING = path.resolve(__dirname, '../../../scripts/bench/fabric/seeding');
/**
 * Consents of one seeding transaction, and such transactions at once: the chaincode works on one while the
 * peers commit others.
 */
const CONSENTS_A_TRANSACTION = 2_000;
const SEEDING_IN_FLIGHT = 3;

/** What is known of a network that is kept. */
interface Memory {
  readonly portBase: number;
  /** Persons with a consent. */
  seeded: number;
}

export interface BenchNetworkOptions {
  /** Kept and used again; absent: removed at the end. */
  readonly dataDir: string | undefined;
  readonly ownDir: string;
  readonly say: (line: string) => void;
}

/** Processor time by kind of part, milliseconds. */
export type PartsCpu = Record<'peers' | 'orderer' | 'chaincode', number>;

const quietly = (): void => undefined;

/** Starts a native Fabric network of the benchmark's own. */
export async function openBenchNetwork(options: BenchNetworkOptions): Promise<BenchNetwork> {
  const { dataDir, ownDir } = options;
  const memoryFile = path.join(dataDir ?? ownDir, 'bench.json');
  const memory = existsSync(memoryFile)
    ? (JSON.parse(readFileSync(memoryFile, 'utf8')) as Memory)
    : { portBase: await freePortBase(), seeded: 0 };
  const described = {
    dataDir: path.join(dataDir ?? path.join(ownDir, 'network'), 'fabric'),
    portBase: memory.portBase,
  };
  const bench = new BenchNetwork(findBinaries(process.env), described, memory, memoryFile, options);
  await bench.start();
  return bench;
}

export class BenchNetwork {
  readonly network: Network;
  readonly #seeding: Network;
  readonly #binaries: Binaries;
  readonly #memory: Memory;
  readonly #memoryFile: string;
  readonly #options: BenchNetworkOptions;

  constructor(
    binaries: Binaries,
    described: DescriptionOptions,
    memory: Memory,
    memoryFile: string,
    options: BenchNetworkOptions,
  ) {
    this.network = readDescription(described);
    this.#seeding = readDescription({ ...described, chaincodePath: SEEDING });
    this.#binaries = binaries;
    this.#memory = memory;
    this.#memoryFile = memoryFile;
    this.#options = options;
  }

  async start(): Promise<void> {
    try {
      await up(this.network, this.#binaries, quietly);
    } catch (error) {
      await down(this.network, quietly);
      throw error;
    }
    this.#remember();
  }

  /** Persons with a consent. */
  get seeded(): number {
    return this.#memory.seeded;
  }

  /** Consents of the first `count` persons, and the product's chaincode deployed. */
  async seedTo(count: number): Promise<{ readonly added: number; readonly seconds: number }> {
    const from = this.#memory.seeded;
    const started = performance.now();
    if (count > from) {
      // A definition of its own before the product's; `upgrade` because the seeding chaincode may have been
      // deployed before.
      await deploy(this.#seeding, this.#binaries, quietly, { upgrade: true });
      await seed(this.#seeding, from, count);
      this.#memory.seeded = count;
      this.#remember();
    }
    const seconds = (performance.now() - started) / 1000;
    await deploy(this.network, this.#binaries, quietly, { upgrade: count > from });
    return { added: Math.max(0, count - from), seconds };
  }

  /** Settings, organisations and the load's client, as the organisations register them. */
  async register(publicJwk: JWK): Promise<void> {
    const trustee = await this.#connect(TRUSTEE);
    const north = await this.#connect(NORTH);
    try {
      await bootstrapNetwork(trustee, MEMBERS);
      await registerClient(north, 'bench-client', publicJwk);
    } finally {
      trustee.close();
      north.close();
    }
  }

  /** The FABRIC_ variables of an organisation's gateway. */
  environment(mspId: string): Record<string, string> {
    const organisation = this.network.organisations.find((each) => each.mspId === mspId);
    if (organisation === undefined) {
      throw new Error(`${mspId} is not in the network`);
    }
    return environmentOf(profileOf(this.network, organisation));
  }

  cutBlocks(wanted: BlockCutting): Promise<void> {
    return setBlockCutting(this.network, this.#binaries, wanted);
  }

  /** The network's processes. */
  running(): readonly { readonly part: string; readonly pid: number }[] {
    return recordedParts(this.network).flatMap((part) => {
      const pid = running(this.network, part)?.pid;
      return pid === undefined ? [] : [{ part, pid }];
    });
  }

  cpu(): PartsCpu {
    const parts = this.running();
    const of = (kind: string): number =>
      parts.filter(({ part }) => part.startsWith(kind)).reduce((sum, { pid }) => sum + cpuMsOf(pid), 0);
    return { peers: of('peer.'), orderer: of('orderer'), chaincode: of('chaincode.') };
  }

  async close(): Promise<void> {
    const { dataDir, say } = this.#options;
    if (dataDir === undefined) {
      await clean(this.network, quietly);
      rmSync(this.#memoryFile, { force: true });
    } else {
      await down(this.network, quietly);
      say(`The network's data stay in ${dataDir}.`);
    }
  }

  #connect(mspId: string): Promise<FabricLedger> {
    const config = parseLedgerConfig(this.environment(mspId));
    return connectToPeer(config, config.peer, log);
  }

  #remember(): void {
    writeFileSync(this.#memoryFile, JSON.stringify(this.#memory));
  }
}

/**
 * Has the seeding chaincode write, as the trustee, whose endorsement alone the collection of consents needs.
 */
async function seed(network: Network, from: number, count: number): Promise<void> {
  const profile = profileOf(network, trusteeOf(network));
  const client = newClient(profile);
  const gateway = connect({
    client,
    identity: { mspId: profile.mspId, credentials: readFileSync(profile.certFile) },
    signer: signers.newPrivateKeySigner(createPrivateKey(readFileSync(profile.keyFile))),
  });
  const contract = gateway.getNetwork(profile.channel).getContract(profile.chaincode);
  let next = from;
  const work = async (): Promise<void> => {
    while (next < count) {
      const first = next;
      next += CONSENTS_A_TRANSACTION;
      const size = Math.min(CONSENTS_A_TRANSACTION, count - first);
      await contract.submit('Seeding:Fill', {
        arguments: [String(first), String(size)],
        endorsingOrganizations: [profile.mspId],
      });
    }
  };
  try {
    await Promise.all(Array.from({ length: SEEDING_IN_FLIGHT }, work));
  } finally {
    gateway.close();
    client.close();
  }
}
