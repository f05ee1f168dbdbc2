// SPDX-License-Identifier: Apache-2.0
import { rmSync } from 'node:fs';
import { clean } from '../../scripts/network/commands';
import { sharedFolder, sharedNetworks } from './sharedNetwork';

/** Once, after the last suite: ends the processes of all shared networks and removes their data. */
export default async function tearDown(): Promise<void> {
  await Promise.all(sharedNetworks().map((network) => clean(network, () => undefined)));
  rmSync(sharedFolder(), { recursive: true, force: true });
}
