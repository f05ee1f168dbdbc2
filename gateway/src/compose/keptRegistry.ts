// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { ProvenanceLedger } from '../ledger/provenanceLedger';
import { createRegistryFile } from '../registry/registryFile';
import type { NetworkName, RegistryAsOf } from '../registry/registryFileForm';
import { openRegistryMemory, type RegistryMemory } from '../registry/registryMemory';
import { DEFAULT_STALE_MS } from '../registry/rememberedAnswer';

export interface KeptRegistryOptions {
  readonly dataDir: string;
  readonly ledger: Pick<
    ProvenanceLedger,
    'mspId' | 'findSettings' | 'organisations' | 'clients' | 'ownHeight'
  >;
  readonly network: Pick<NetworkName, 'channel' | 'chaincode'>;
  readonly log: Logger;
}

export interface KeptRegistry {
  /** What the process before has left; `undefined`: nothing that may be used. */
  readonly remembered: RegistryAsOf | undefined;
  /**
   * Begins to read it anew, and to keep it.
   * @param onWriteFailed told of each write that failed.
   * @param staleMs longest age of what is given while the ledger is away; default {@link DEFAULT_STALE_MS}.
   */
  follow(onWriteFailed: () => void, staleMs?: number): RegistryMemory;
}

/** The Registry as a service keeps it in `registry.json` of its data folder. */
export function keptRegistry({ dataDir, ledger, network, log }: KeptRegistryOptions): KeptRegistry {
  const { channel, chaincode } = network;
  const file = createRegistryFile({
    path: join(dataDir, 'registry.json'),
    network: { channel, chaincode, mspId: ledger.mspId },
    log,
  });
  const remembered = file.read();
  return {
    remembered,
    follow: (onWriteFailed, staleMs = DEFAULT_STALE_MS) =>
      openRegistryMemory({ ledger, remembered, file, log, clock: Date.now, staleMs, onWriteFailed }),
  };
}
