// SPDX-License-Identifier: Apache-2.0
import path from 'node:path';
import { type RunningFabricDemo, startFabricDemo } from '../../gateway/dist/demo/fabricDemo';
import { type Network, readDescription } from '../network/description';

/** The demonstration on a native Fabric network of its own, and that network as its commands know it. */
export interface Demonstration {
  readonly demo: RunningFabricDemo;
  readonly network: Network;
}

/**
 * Starts it on free ports, without a word.
 * @param dataDir made when missing; all that it leaves is here.
 */
export async function startDemonstration(dataDir: string): Promise<Demonstration> {
  const demo = await startFabricDemo({
    dataDir,
    demoFile: path.join(dataDir, 'demo.json'),
    port: 0,
    networkPort: 0,
    logLevel: 'warn',
    say: () => undefined,
  });
  const network = readDescription({ dataDir: demo.network.dataDir, portBase: demo.network.portBase });
  return { demo, network };
}
