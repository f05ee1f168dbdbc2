// SPDX-License-Identifier: Apache-2.0
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createPrivateKey } from 'node:crypto';
import { connect, signers, type Contract } from '@hyperledger/fabric-gateway';
import { binariesIfPresent, type Binaries } from '../../../scripts/network/binaries';
import { readDescription, type Network } from '../../../scripts/network/description';
import { freePortBase } from '../../../scripts/network/freePorts';
import { clean } from '../../../scripts/network/commands';
import { profileOf } from '../../../scripts/network/profiles';
import { newClient } from '../../../scripts/network/readiness';

export const POLICY_CHAINCODE = path.join(__dirname, 'policyChaincode');

/** Runs `tests` where Fabric's programs are found, and says so by name where they are not. */
export function describeFabric(name: string, tests: (binaries: Binaries) => void): void {
  const binaries = binariesIfPresent(process.env);
  if (binaries === undefined) {
    test(`Fabric: not run (no binaries): ${name}`, () => {
      process.stdout.write(`Fabric: not run (no binaries): ${name}\n`);
      expect(binaries).toBeUndefined();
    });
    return;
  }
  describe(`Fabric ${binaries.version}: ${name}`, () => {
    tests(binaries);
  });
}

export interface TestNetwork {
  /** Temporary, removed by `dispose`. */
  readonly folder: string;
  readonly network: Network;
  dispose(): Promise<void>;
}

/**
 * A network of its own: own folder, own ports, the chaincode that writes what its arguments say. Nothing is
 * started.
 */
export async function newTestNetwork(options: { chaincodePath?: string } = {}): Promise<TestNetwork> {
  const parent = mkdtempSync(path.join(tmpdir(), 'chartwitness-network-'));
  const network = readDescription({
    dataDir: path.join(parent, 'data'),
    portBase: await freePortBase(),
    chaincodePath: options.chaincodePath ?? POLICY_CHAINCODE,
  });
  const dispose = async (): Promise<void> => {
    await clean(network, () => undefined);
    rmSync(parent, { recursive: true, force: true });
  };
  return { folder: parent, network, dispose };
}

/** A copy of a compiled chaincode that calls itself version 2.0.0, in `folder`. */
export function laterVersion(chaincode: string, folder: string): string {
  const copy = path.join(folder, 'later');
  cpSync(chaincode, copy, { recursive: true });
  const file = path.join(copy, 'package.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as object;
  writeFileSync(file, JSON.stringify({ ...manifest, version: '2.0.0' }));
  symlinkSync(path.resolve(__dirname, '../../../node_modules'), path.join(folder, 'node_modules'));
  return copy;
}

export interface Member {
  readonly contract: Contract;
  close(): void;
}

/** An organisation's gateway client, at its own peer or at another's. */
export function member(network: Network, name: string, atPeerOf: string = name): Member {
  const own = profileOf(network, organisation(network, name));
  const at = profileOf(network, organisation(network, atPeerOf));
  const client = newClient({ ...own, peerEndpoint: at.peerEndpoint, tlsCaFile: at.tlsCaFile });
  const gateway = connect({
    client,
    identity: { mspId: own.mspId, credentials: readFileSync(own.certFile) },
    signer: signers.newPrivateKeySigner(createPrivateKey(readFileSync(own.keyFile))),
    evaluateOptions: () => ({ deadline: Date.now() + 10_000 }),
    endorseOptions: () => ({ deadline: Date.now() + 15_000 }),
    submitOptions: () => ({ deadline: Date.now() + 10_000 }),
    commitStatusOptions: () => ({ deadline: Date.now() + 30_000 }),
  });
  return {
    contract: gateway.getNetwork(network.channel).getContract(network.chaincode.name),
    close: () => {
      gateway.close();
      client.close();
    },
  };
}

export function organisation(network: Network, name: string): Network['organisations'][number] {
  const found = network.organisations.find((each) => each.name === name);
  if (found === undefined) {
    throw new Error(`No organisation ${name}`);
  }
  return found;
}
