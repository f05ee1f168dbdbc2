// SPDX-License-Identifier: Apache-2.0
import type { ClientApplication, NetworkSettings, Organisation } from '@chartwitness/chaincode/domain';
import { DEFAULT_POLICY, US_IDENTIFIER_SYSTEMS } from '../../../gateway/src/compose/bootstrap';
import type { NetworkName } from '../../../gateway/src/registry/registryFileForm';
import type { WholeRegistry } from '../../../gateway/src/registry/wholeRegistry';
import { CLIENT, NORTH, SOUTH, TRUSTEE } from '../ledger/network';

export const NETWORK: NetworkName = { channel: 'chartwitness', chaincode: 'provenance', mspId: NORTH };
export const SETTINGS: NetworkSettings = {
  trustee: TRUSTEE,
  defaultPolicy: DEFAULT_POLICY,
  identifierSystems: US_IDENTIFIER_SYSTEMS,
};

export function organisation(mspId: string, change: Partial<Organisation> = {}): Organisation {
  const role = mspId === TRUSTEE ? 'trustee' : 'holder';
  return {
    mspId,
    role,
    name: `Name of ${mspId}`,
    identifiers: [`https://${mspId}.example`],
    status: 'active',
    ...change,
  };
}

export function client(clientId: string, change: Partial<ClientApplication> = {}): ClientApplication {
  return { ...CLIENT, clientId, org: NORTH, status: 'active', ...change };
}

export function registryOf(
  clients: readonly ClientApplication[],
  change: Partial<WholeRegistry> = {},
): WholeRegistry {
  return {
    settings: SETTINGS,
    organisations: [NORTH, SOUTH, TRUSTEE].map((mspId) => organisation(mspId)),
    clients: new Map(clients.map((one) => [one.clientId, one])),
    ...change,
  };
}
