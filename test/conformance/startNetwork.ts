// SPDX-License-Identifier: Apache-2.0
import { isOnFabric } from '../support/ledgerUnderTest';
import { startEmbeddedNetwork } from './embeddedNetwork';
import { joinNativeNetwork } from './nativeNetwork';
import type { NetworkOptions, TestNetwork } from './network';

/**
 * The ledger under test, ready for transactions: the embedded one, in this process, or with
 * `CHARTWITNESS_LEDGER=fabric` three peers and an orderer of Fabric's own programs.
 */
export function startNetwork(options: NetworkOptions = {}): Promise<TestNetwork> {
  return isOnFabric() ? joinNativeNetwork(options) : startEmbeddedNetwork(options);
}
