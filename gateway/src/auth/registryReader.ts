// SPDX-License-Identifier: Apache-2.0
import type { ClientApplication, Organisation } from '@chartwitness/chaincode/domain';

/**
 * The ledger's Registry as token checks need it, asked at every token request and every call.
 * `registry/registryCache` provides it; it throws LedgerError when neither the ledger nor a remembered answer
 * can tell.
 */
export interface RegistryReader {
  findClient(clientId: string): Promise<ClientApplication | undefined>;
  findOrganisation(mspId: string): Promise<Organisation | undefined>;
}
