// SPDX-License-Identifier: Apache-2.0
/**
 * A peer that has a block but not the private data that belong to it: what it lacks must never look as if it
 * were not there. In the embedded ledger private data reach every member with the block.
 */
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ledgerDir } from '../../scripts/network/layout';
import type { LedgerError } from '../../gateway/src/ledger/ledgerError';
import { toLedgerError } from '../../gateway/src/ledger/ledgerErrors';
import { CLIENT, NORTH, SOUTH, startTestNetwork, type TestNetwork, TRUSTEE } from '../gateway/ledger/network';
import { reaches } from '../gateway/projection/projectionRun';
import { requestOf } from '../gateway/recorder/support/requests';
import { untilItWorks } from '../support/untilItWorks';
import { describeFabric } from '../scripts/network/testNetwork';
import { callAs } from './connections';
import { eventsOf, follow, openLane } from './lanes';
import { Outages } from './productNetwork';
import { waitUntilReady } from './sharedNetwork';

jest.setTimeout(120_000);

const MISSING = 'private data matching public hash version is not available';

describeFabric('private data that have not arrived', () => {
  let net: TestNetwork;
  let outages: Outages;

  beforeAll(async () => {
    net = await startTestNetwork();
    await net.north.putClient(CLIENT);
    await net.south.putClient({ ...CLIENT, clientId: 'south-ward' });
    outages = new Outages(net.native);
  });
  afterEach(async () => {
    await outages.mend();
    await waitUntilReady(net.native.network);
  });
  afterAll(() => net.close());

  test('a consent that a hospital’s peer lacks: reading it is tried again, no access is decided without it, and it is obeyed when it comes', async () => {
    const request = requestOf(1, {
      requester: { org: SOUTH, clientId: 'south-ward', person: null },
    });
    const lane = await openLane(net.south, 'uninformed');
    const { contract, close } = await callAs(net, TRUSTEE, SOUTH);
    const readConsent = async (): Promise<string> => {
      const proposal = contract.newProposal('Consent:Get', {
        arguments: [request.subject],
        endorsingOrganizations: [SOUTH],
      });
      try {
        return Buffer.from(await proposal.evaluate({ deadline: Date.now() + 5_000 })).toString();
      } catch (error) {
        throw toLedgerError(error, 'evaluate');
      }
    };
    try {
      expect(await lane.record(request)).toMatchObject({ permitted: [true, true] });

      await outages.kill('peer.south');
      const { block } = await net.trustee.putConsent(request.subject, { rules: [], default: 'deny' }, 0);
      // The peers that have the consent are out of reach when the peer comes back and takes the block from
      // the orderer.
      await outages.pause('peer.trustee');
      await outages.pause('peer.north');
      await outages.start('peer.south');
      await untilItWorks(async () => {
        const height = await net.south.height();
        if (height <= block) {
          throw new Error(`the peer has ${String(height)} blocks`);
        }
      }, 30_000);
      const refusal = (await readConsent().catch((error: unknown) => error)) as LedgerError;
      expect([refusal.kind, refusal.domainCode]).toEqual(['retryable', undefined]);
      expect(refusal.message).toContain(MISSING);

      const recorded = lane.record({ ...requestOf(2), requester: request.requester });
      const failure = await lane.fails(() => true);
      expect(['retryable', 'unavailable']).toContain(failure.kind);
      expect(await net.south.findBatch(lane.name, 1)).toBeUndefined();

      await outages.resume('peer.trustee');
      await outages.resume('peer.north');
      expect(await recorded).toMatchObject({ permitted: [false, false] });
      const { value, tookMs } = await untilItWorks(readConsent);
      expect(JSON.parse(value)).toMatchObject({ document: { version: 1, default: 'deny' } });
      process.stdout.write(`consent at the hospital's peer ${tookMs.toFixed(0)} ms after the batch\n`);
      const events = await eventsOf(net.south, lane.name);
      expect(events.map(({ outcome }) => outcome)).toEqual(['permit', 'deny']);
    } finally {
      close();
      await lane.close();
    }
  });

  test('events that the trustee’s peer lost: its list stops before them and says that it is stale; nothing is skipped', async () => {
    const lane = `${NORTH}/lost-${String(Date.now())}`;
    const following = follow(net.trustee);
    const before = (await reaches(following.projection, ({ state }) => state === 'live')).entries;
    const { contract, close } = await callAs(net, NORTH, NORTH);
    try {
      await net.north.recordBatch(lane, 0, { start: 0, requests: [requestOf(10)] });
      const endorsed = await contract
        .newProposal('Access:Record', {
          arguments: [lane, '1'],
          transientData: { batch: JSON.stringify({ start: 1, requests: [requestOf(11)] }) },
          endorsingOrganizations: [NORTH, TRUSTEE],
        })
        .endorse();
      await outages.kill('peer.trustee');
      const transient = path.join(ledgerDir(net.native.network, 'peer.trustee'), 'transientstore');
      expect(existsSync(transient)).toBe(true);
      rmSync(transient, { recursive: true });
      await outages.start('peer.trustee');
      await waitUntilReady(net.native.network);
      expect((await (await endorsed.submit()).getStatus()).successful).toBe(true);
      await net.north.recordBatch(lane, 2, { start: 2, requests: [requestOf(12)] });

      const events = await eventsOf(net.north, lane);
      expect(events.map(({ id }) => id)).toEqual([10, 11, 12].map((number) => requestOf(number).id));
      await untilItWorks(async () => {
        expect(await net.trustee.findBatch(lane, 2)).toBeDefined();
      });
      await expect(net.trustee.getEvents(lane, 1)).rejects.toMatchObject({
        kind: 'retryable',
        message: expect.stringContaining(MISSING) as string,
      });
      expect((await net.trustee.getEvents(lane, 2)).events).toEqual([events[2]]);

      const { entries, haltReason, problem } = await reaches(
        following.projection,
        ({ state }) => state === 'stale',
      );
      expect([entries, haltReason, problem]).toEqual([before + 1, undefined, 'ledger retryable']);
      const shown = await following.store.scan(before + 1, 10);
      expect(shown.map(({ event }) => event.id)).toEqual([events[0]?.id]);
    } finally {
      close();
      await following.close();
    }
  });
});
