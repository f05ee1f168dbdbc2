// SPDX-License-Identifier: Apache-2.0
/**
 * The trustee's peer falls behind the hospital's, or hangs: what the recorder and the trustee's projection
 * make of it. An embedded ledger has one state for all and cannot lag.
 */
import type { AccessRequest } from '@chartwitness/chaincode/domain';
import { LedgerError } from '../../gateway/src/ledger/ledgerError';
import { OwnPeer } from '../../gateway/src/recorder/ownPeer';
import { systemScheduler } from '../../gateway/src/recorder/scheduler';
import { testSubject } from '../support/accessRequests';
import { CLIENT, NORTH, startTestNetwork, type TestNetwork, TRUSTEE } from '../gateway/ledger/network';
import { reaches } from '../gateway/projection/projectionRun';
import { emergencyOf, requestOf } from '../gateway/recorder/support/requests';
import { pause } from '../support/pause';
import { describeFabric } from '../scripts/network/testNetwork';
import { connectAs } from './connections';
import { type Detour, takeDetour } from './detour';
import { eventsOf, type Following, follow, type Lane, openLane } from './lanes';
import { Outages } from './productNetwork';
import { waitUntilReady } from './sharedNetwork';

jest.setTimeout(90_000);

const NEVER = new AbortController().signal;

describeFabric('another organisation’s peer lags', () => {
  let net: TestNetwork;
  let outages: Outages;
  let lane: Lane;
  let following: Following;
  let detour: Detour;

  beforeAll(async () => {
    net = await startTestNetwork();
    await net.north.putClient(CLIENT);
    outages = new Outages(net.native);
    detour = await takeDetour(net.native, outages, TRUSTEE);
    await waitUntilReady(net.native.network);
    lane = await openLane(net.north, 'lagging');
    following = follow(net.trustee);
  });
  afterEach(async () => {
    await detour.open();
    await outages.mend();
  });
  afterAll(async () => {
    await lane.close();
    await following.close();
    await detour.close();
    await net.close();
  });

  let made = 0;
  const record = (): Promise<unknown> => lane.record(requestOf(made++));
  const projected = async (count: number): Promise<string[]> => {
    await reaches(following.projection, ({ entries }) => entries === count);
    return (await following.store.scan(1, 1000)).map(({ event }) => event.id);
  };

  test('what does not depend on the missing blocks is recorded and released; the trustee’s list follows, in order, once', async () => {
    await record();
    await projected(1);
    detour.shut();
    for (let i = 0; i < 3; i += 1) {
      await record();
    }
    const seen = (await eventsOf(net.north, lane.name)).map(({ id }) => id);
    expect(seen).toEqual([0, 1, 2, 3].map((number) => requestOf(number).id));
    expect(await net.trustee.height()).toBeLessThan(await net.north.height());
    expect(await net.trustee.findBatch(lane.name, 1)).toBeUndefined();
    expect(following.projection.status().entries).toBe(1);
    await detour.open();
    expect(await projected(4)).toEqual(seen);
  });

  test('endorsed on two states, a batch is refused (ProposalResponsePayloads do not match) and retried until the peer has caught up: once on the ledger, nothing before', async () => {
    const before = (await eventsOf(net.north, lane.name)).length;
    detour.shut();
    await net.north.putClient({ ...CLIENT, name: 'Ward system, renamed' });
    const committed = lane.recorder.state().committedEvents;
    const recorded = record();
    const refusal = await lane.fails(({ message }) =>
      message.includes('ProposalResponsePayloads do not match'),
    );
    expect(refusal.kind).toBe('retryable');
    expect(lane.recorder.state()).toMatchObject({ committedEvents: committed, ledgerAway: false });
    expect(await eventsOf(net.north, lane.name)).toHaveLength(before);
    await detour.open();
    expect(await recorded).toMatchObject({ permitted: [true, true], late: false });
    expect(await eventsOf(net.trustee, lane.name)).toHaveLength(before + 1);
    expect(await projected(before + 1)).toHaveLength(before + 1);
  });

  test('a peer that hangs releases nothing; when it goes on, the batch is there once', async () => {
    const impatient = await connectAs(net, NORTH, { endorseMs: 2_000 });
    const hanging = await openLane(impatient, 'hanging');
    try {
      await outages.pause('peer.trustee');
      let released = false;
      const recorded = hanging.record(requestOf(500)).then((outcome) => {
        released = true;
        return outcome;
      });
      const failure = await hanging.fails(({ kind }) => kind === 'unavailable');
      expect(failure).toBeInstanceOf(LedgerError);
      expect([released, await net.north.findBatch(hanging.name, 0)]).toEqual([false, undefined]);
      await outages.resume('peer.trustee');
      expect(await recorded).toMatchObject({ permitted: [true, true], late: false });
      expect((await eventsOf(net.trustee, hanging.name)).map(({ id }) => id)).toEqual([requestOf(500).id]);
      expect(await net.north.findBatch(hanging.name, 1)).toBeUndefined();
    } finally {
      await hanging.close();
      impatient.close();
    }
  });
});

describeFabric('the own peer lags', () => {
  let net: TestNetwork;
  let outages: Outages;
  let detour: Detour;
  let ownPeer: OwnPeer;
  let patients = 0;

  beforeAll(async () => {
    net = await startTestNetwork();
    await net.north.putClient(CLIENT);
    outages = new Outages(net.native);
    detour = await takeDetour(net.native, outages, NORTH);
    await waitUntilReady(net.native.network);
    ownPeer = new OwnPeer({
      ledger: net.north,
      lane: `${NORTH}/own-peer-lags`,
      scheduler: systemScheduler,
      waitMs: 10_000,
      maxEvents: 10,
      maxBytes: 100_000,
      provenSeq: () => undefined,
    });
  });
  afterEach(async () => {
    await detour.open();
    await outages.mend();
  });
  afterAll(async () => {
    await detour.close();
    await net.close();
  });

  test.each([false, true])(
    'it lacks a denial that the patient was told of: no data leave by its word, also while the orderer is away (%s)',
    async (isOrdererAway) => {
      const request = emergencyOfSomebody();
      const nobody = { id: 'nobody', effect: 'deny' as const, holdsInEmergency: true };
      expect(await ownPeer.ask(request, true, true)).toEqual([true, true]);
      detour.shut();
      const { block } = await net.trustee.putConsent(
        request.subject,
        { rules: [nobody], default: 'deny' },
        0,
      );
      if (isOrdererAway) {
        await outages.stop('orderer');
      }
      expect(await net.north.ownHeight()).toBeLessThanOrEqual(block);
      // Its old word, by which nothing leaves.
      expect(await ownPeer.ask(request, true)).toEqual([true, true]);
      await expect(ownPeer.ask(request, true, true)).rejects.toMatchObject({ reason: 'PEER_BEHIND' });
      await outages.mend();
      await detour.open();
      await until(async () => (await net.north.ownHeight()) > block);
      expect(await ownPeer.ask(request, true, true)).toEqual([false, false]);
    },
  );

  test('it comes back after the denial while the orderer is away: as soon as it knows the trustee’s peer, its word is none', async () => {
    const request = emergencyOfSomebody();
    const nobody = { id: 'nobody', effect: 'deny' as const, holdsInEmergency: true };
    await outages.kill('peer.north');
    const { block } = await net.trustee.putConsent(request.subject, { rules: [nobody], default: 'deny' }, 0);
    await outages.stop('orderer');
    await outages.start('peer.north');
    await until(async () => (await net.north.knownHeight(1_000)) > block);
    expect(await net.north.ownHeight()).toBeLessThanOrEqual(block);
    await expect(ownPeer.ask(request, true, true)).rejects.toMatchObject({ reason: 'PEER_BEHIND' });
  });

  /** Of a patient who has no consent on file, also when a test is tried again. */
  function emergencyOfSomebody(): AccessRequest {
    patients += 1;
    return { ...emergencyOf(patients), subject: testSubject(`own peer lags ${String(patients)}`) };
  }

  async function until(isSo: () => Promise<boolean>): Promise<void> {
    while (!(await isSo())) {
      await pause(100, NEVER);
    }
  }
});
