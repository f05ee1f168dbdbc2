// SPDX-License-Identifier: Apache-2.0
/**
 * A new chaincode is deployed while two hospitals record: what they get, what the ledger holds, what the
 * trustee's list shows.
 */
import path from 'node:path';
import { peer } from '@hyperledger/fabric-protos';
import { deploy, status, up } from '../../scripts/network/commands';
import { CLIENT, NORTH, onNativeNetwork, type TestNetwork } from '../gateway/ledger/network';
import { reaches } from '../gateway/projection/projectionRun';
import { requestOf } from '../gateway/recorder/support/requests';
import {
  describeFabric,
  laterVersion,
  newTestNetwork,
  type TestNetwork as Nodes,
} from '../scripts/network/testNetwork';
import { callAs, type Caller } from './connections';
import { eventsOf, type Following, follow, type Lane, openLane } from './lanes';

jest.setTimeout(180_000);

const CHAINCODE = path.resolve(__dirname, '..', '..', 'chaincode');
const WORKERS = 3;
const quiet = (): void => undefined;

interface Hospital {
  readonly org: string;
  readonly lane: Lane;
  /** Its own client, to look into its peer's blocks. */
  readonly caller: Caller;
}

describeFabric('a chaincode upgrade under load', (binaries) => {
  let nodes: Nodes;
  let net: TestNetwork;
  let following: Following;
  const hospitals: Hospital[] = [];

  beforeAll(async () => {
    nodes = await newTestNetwork({ chaincodePath: CHAINCODE });
    await up(nodes.network, binaries, quiet);
    await deploy(nodes.network, binaries, quiet);
    net = await onNativeNetwork({ network: nodes.network, binaries });
    await net.north.putClient(CLIENT);
    await net.south.putClient({ ...CLIENT, clientId: 'south-ward' });
    following = follow(net.trustee);
    for (const ledger of [net.north, net.south]) {
      const lane = await openLane(ledger, 'busy');
      hospitals.push({ lane, org: ledger.mspId, caller: await callAs(net, ledger.mspId, ledger.mspId) });
    }
  });
  afterAll(async () => {
    for (const { caller, lane } of hospitals) {
      caller.close();
      await lane.close();
    }
    await following.close();
    await net.close();
    await nodes.dispose();
  });

  let made = 0;
  /** Records one access after the other, and after each release looks whether the ledger has it. */
  async function work(hospital: Hospital, isOver: () => boolean): Promise<string[]> {
    const released: string[] = [];
    while (!isOver()) {
      released.push(await access(hospital));
    }
    return released;
  }
  async function access({ lane, org, caller }: Hospital): Promise<string> {
    const clientId = org === NORTH ? 'north-ward' : 'south-ward';
    const request = requestOf(made++, { requester: { org, clientId, person: null } });
    const { permitted, transactionId } = await lane.record(request);
    expect(permitted).toEqual([true, true]);
    if (transactionId !== undefined) {
      expect(await codeOf(caller, transactionId)).toBe(0);
    }
    return request.id;
  }
  async function codeOf({ channel }: Caller, transactionId: string): Promise<number> {
    const query = channel.getContract('qscc');
    const bytes = await query.evaluateTransaction('GetTransactionByID', channel.getName(), transactionId);
    return peer.ProcessedTransaction.deserializeBinary(bytes).getValidationcode();
  }

  test('no access is lost, doubled, or released without its record, while sequences 2 (new code) and 3 (the same code) are deployed', async () => {
    let isOver = false;
    const working = hospitals.flatMap((hospital) =>
      Array.from({ length: WORKERS }, () => work(hospital, () => isOver)),
    );
    const changed = {
      ...nodes.network,
      chaincode: { ...nodes.network.chaincode, path: laterVersion(CHAINCODE, nodes.folder) },
    };
    const before = made;
    const second = await deploy(changed, binaries, quiet);
    const third = await deploy(changed, binaries, quiet, { upgrade: true });
    expect([second.sequence, third.sequence]).toEqual([2, 3]);
    expect(third.label).toContain('_2.0.0_');
    const during = made;
    // Until the new definition has served as well.
    const last = await Promise.all(hospitals.map(access));
    isOver = true;
    const released = [...(await Promise.all(working)).flat(), ...last];
    expect(during - before).toBeGreaterThan(WORKERS * hospitals.length);

    const held = (await Promise.all(hospitals.map(({ lane }) => eventsOf(net.trustee, lane.name)))).flat();
    const ids = held.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(released.filter((id) => !ids.includes(id))).toEqual([]);
    expect(ids).toHaveLength(made);
    await reaches(following.projection, ({ entries }) => entries === made);
    const shown = (await following.store.scan(1, made + 1)).map(({ event }) => event.id);
    expect([...shown].sort()).toEqual([...ids].sort());

    const failures = hospitals.flatMap(({ lane }) => lane.failures);
    expect(failures.filter(({ kind }) => kind === 'rejected')).toEqual([]);
    const parts = (await status(nodes.network, undefined)).parts.map(({ part }) => part);
    expect(parts.filter((part) => part.startsWith('chaincode.'))).toHaveLength(3);
    process.stdout.write(
      `upgrade: ${String(released.length)} accesses, ${String(during - before)} of them meanwhile, ${String(failures.length)} attempts repeated\n`,
    );
  });
});
