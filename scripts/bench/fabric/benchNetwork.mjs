// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect, signers } from '@hyperledger/fabric-gateway';
import { createPrivateKey } from 'node:crypto';
import { dist } from '../dist.mjs';
import { log, MEMBERS, NORTH } from '../network.mjs';
import { findBinaries } from '../../../dist/network/binaries.js';
import { readDescription, trusteeOf } from '../../../dist/network/description.js';
import { freePortBase } from '../../../dist/network/freePorts.js';
import { clean, deploy, down, up } from '../../../dist/network/commands.js';
import { environmentOf, profileOf } from '../../../dist/network/profiles.js';
import { recordedParts, running } from '../../../dist/network/processes.js';
import { newClient } from '../../../dist/network/readiness.js';
import { setBlockCutting } from './blockSettings.mjs';
import { cpuMsOf } from './processors.mjs';

const { connectToPeer } = dist('compose/openLedger.js');
const { bootstrapNetwork } = dist('compose/bootstrap.js');
const { parseLedgerConfig } = dist('config/peerConfig.js');

const SEEDING = fileURLToPath(new URL('seeding', import.meta.url));
/** Consents of one seeding transaction, and such transactions at once: the chaincode works on one while the peers commit others. */
const CONSENTS_A_TRANSACTION = 2_000;
const SEEDING_IN_FLIGHT = 3;

/**
 * A native Fabric network of the benchmark's own.
 * @param {{dataDir?: string, ownDir: string, say: (line: string) => void}} options `dataDir`: kept and used again; absent: removed at the end
 */
export async function openBenchNetwork({ dataDir, ownDir, say }) {
  const binaries = findBinaries(process.env);
  const folder = dataDir ?? path.join(ownDir, 'network');
  const memory = path.join(dataDir ?? ownDir, 'bench.json');
  const known = existsSync(memory) ? JSON.parse(readFileSync(memory, 'utf8')) : undefined;
  const state = known ?? { portBase: await freePortBase(), seeded: 0 };
  const options = { dataDir: path.join(folder, 'fabric'), portBase: state.portBase };
  const network = readDescription(options);
  const seeding = readDescription({ ...options, chaincodePath: SEEDING });
  const remember = () => writeFileSync(memory, JSON.stringify(state));
  const environment = (mspId) =>
    environmentOf(
      profileOf(
        network,
        network.organisations.find((each) => each.mspId === mspId),
      ),
    );
  const quietly = () => undefined;

  try {
    await up(network, binaries, quietly);
  } catch (error) {
    await down(network, quietly);
    throw error;
  }
  remember();

  return {
    fabricVersion: binaries.version,
    network,
    environment,
    seeded: () => state.seeded,
    /** Consents of the first `count` persons, and the product's chaincode deployed. @returns {Promise<{added: number, seconds: number}>} */
    async seedTo(count) {
      const from = state.seeded;
      const started = performance.now();
      if (count > from) {
        // A definition of its own before the product's; `upgrade` because the seeding chaincode may have been deployed before.
        await deploy(seeding, binaries, quietly, { upgrade: true });
        await seed(seeding, from, count);
        state.seeded = count;
        remember();
      }
      const seconds = (performance.now() - started) / 1000;
      await deploy(network, binaries, quietly, { upgrade: count > from });
      return { added: Math.max(0, count - from), seconds };
    },
    /** Settings, organisations and the load's client, as the organisations register them. */
    async register(publicJwk) {
      const trustee = await this.connect('TrusteeMSP');
      const north = await this.connect(NORTH);
      try {
        await bootstrapNetwork(trustee, MEMBERS);
        await north.putClient({
          clientId: 'bench-client',
          name: 'Benchmark',
          jwks: { keys: [publicJwk] },
          scope: 'system/*.rs',
        });
      } finally {
        trustee.close();
        north.close();
      }
    },
    connect: (mspId) => {
      const config = parseLedgerConfig(environment(mspId));
      return connectToPeer(config, config.peer, log);
    },
    cutBlocks: (wanted) => setBlockCutting(network, binaries, wanted),
    /** The network's processes. @returns {{part: string, pid: number}[]} */
    running: () =>
      recordedParts(network).flatMap((part) => {
        const pid = running(network, part)?.pid;
        return pid === undefined ? [] : [{ part, pid }];
      }),
    /** Processor time so far, by kind of part, milliseconds. */
    cpu() {
      const parts = this.running();
      const of = (kind) =>
        parts.filter(({ part }) => part.startsWith(kind)).reduce((sum, { pid }) => sum + cpuMsOf(pid), 0);
      return { peers: of('peer.'), orderer: of('orderer'), chaincode: of('chaincode.') };
    },
    async close() {
      if (dataDir === undefined) {
        await clean(network, quietly);
        rmSync(memory, { force: true });
      } else {
        await down(network, quietly);
        say(`The network's data stay in ${dataDir}.`);
      }
    },
  };
}

/** Has the seeding chaincode write, as the trustee, whose endorsement alone the collection of consents needs. */
async function seed(network, from, count) {
  const profile = profileOf(network, trusteeOf(network));
  const client = newClient(profile);
  const gateway = connect({
    client,
    identity: { mspId: profile.mspId, credentials: readFileSync(profile.certFile) },
    signer: signers.newPrivateKeySigner(createPrivateKey(readFileSync(profile.keyFile))),
  });
  const contract = gateway.getNetwork(profile.channel).getContract(profile.chaincode);
  let next = from;
  const work = async () => {
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
