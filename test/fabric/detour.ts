// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startPortRelay } from '../../scripts/crash/portRelay';
import { nodeDir, ordererTlsCaFile, peerPart } from '../../scripts/network/layout';
import { type Outages, organisationOf } from './productNetwork';
import type { SharedNetwork } from './sharedNetwork';

/**
 * The way from one peer to the orderer, through a relay that can be shut: the peer then endorses as before,
 * on a state that the others have left behind. (Fabric's own `addressOverrides`, meant for a peer that sees
 * the orderer at another address.)
 */
export interface Detour {
  /** No more blocks reach the peer; its connections stay open. */
  shut(): void;
  open(): Promise<void>;
  /** Gives the peer its straight way again. */
  close(): Promise<void>;
}

/** Restarts the peer of `mspId` with the detour, open. */
export async function takeDetour(shared: SharedNetwork, outages: Outages, mspId: string): Promise<Detour> {
  const { network } = shared;
  const part = peerPart(organisationOf(network, mspId));
  const file = path.join(nodeDir(network, part), 'core.yaml');
  const straight = readFileSync(file, 'utf8');
  const relay = await startPortRelay(network.orderer.port);
  const restart = async (settings: string): Promise<void> => {
    await outages.stop(part);
    writeFileSync(file, settings);
    await outages.start(part);
  };
  await restart(
    straight.replace(
      /^ {2}deliveryclient:$/m,
      [
        '  deliveryclient:',
        '    addressOverrides:',
        `      - from: '${network.orderer.endpoint}'`,
        `        to: 'localhost:${String(relay.port)}'`,
        `        caCertsFile: '${requireFile(ordererTlsCaFile(network))}'`,
      ].join('\n'),
    ),
  );
  return {
    shut: relay.shut,
    open: relay.open,
    close: async () => {
      await relay.open();
      await restart(straight);
      await relay.close();
    },
  };
}

function requireFile(file: string): string {
  if (!existsSync(file)) {
    throw new Error(`${file} does not exist`);
  }
  return file;
}
