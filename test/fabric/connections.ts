// SPDX-License-Identifier: Apache-2.0
/**
 * Connections that no program of the product makes: to another organisation's peer, or with other deadlines.
 */
import type { Contract, Network } from '@hyperledger/fabric-gateway';
import { peerConnection } from '../../gateway/src/compose/openLedger';
import { type LedgerConfig, parseLedgerConfig } from '../../gateway/src/config/peerConfig';
import { openConnection } from '../../gateway/src/ledger/connection';
import { connectLedger, type FabricLedger } from '../../gateway/src/ledger/fabricLedger';
import type { Deadlines } from '../../gateway/src/ledger/submitter';
import type { TestNetwork } from '../gateway/ledger/network';
import { silent } from '../gateway/recorder/support/workbench';

/** An organisation's ledger over a connection of its own. */
export function connectAs(
  net: TestNetwork,
  mspId: string,
  deadlines: Partial<Deadlines> = {},
): Promise<FabricLedger> {
  const config = configOf(net, mspId, mspId);
  const { channel, chaincode } = config;
  return connectLedger({
    ...peerConnection(config, config.peer, silent),
    channel,
    chaincode,
    deadlines,
    log: silent,
  });
}

export interface Caller {
  readonly channel: Network;
  /** The chaincode of the suite. */
  readonly contract: Contract;
  close(): void;
}

/**
 * The chaincode, called as `mspId` at the peer of `peerOf` through the bare client.
 * @param identity variables of another user than the organisation's gateway
 */
export async function callAs(
  net: TestNetwork,
  mspId: string,
  peerOf: string,
  identity: Readonly<Record<string, string>> = {},
): Promise<Caller> {
  const config = configOf(net, mspId, peerOf, identity);
  const { gateway, close } = await openConnection(peerConnection(config, config.peer, silent));
  const channel = gateway.getNetwork(config.channel);
  return { channel, contract: channel.getContract(config.chaincode), close };
}

function configOf(
  net: TestNetwork,
  mspId: string,
  peerOf: string,
  identity: Readonly<Record<string, string>> = {},
): LedgerConfig {
  const { FABRIC_PEER_ENDPOINT = '', FABRIC_TLS_CA_FILE } = net.environment(peerOf);
  return parseLedgerConfig({
    ...net.environment(mspId),
    ...identity,
    FABRIC_PEER_ENDPOINT,
    ...(FABRIC_TLS_CA_FILE === undefined ? {} : { FABRIC_TLS_CA_FILE }),
  });
}
