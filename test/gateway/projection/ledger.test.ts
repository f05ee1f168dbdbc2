// SPDX-License-Identifier: Apache-2.0
import { exportJWK, generateKeyPair } from 'jose';
import { pino } from 'pino';
import {
  checkReadModel,
  projectUntilLive,
  rebuildReadModel,
} from '../../../gateway/src/projection/maintenance';
import { createProjection, type ProjectionDeps } from '../../../gateway/src/projection/projection';
import type { AccessStore } from '../../../gateway/src/readmodel/accessStore';
import { openSqlAccessStore } from '../../../gateway/src/readmodel/sqlAccessStore';
import { accessRequest, testSubject } from '../../support/accessRequests';
import { pause } from '../../support/pause';
import { startTestNetwork, type TestNetwork } from '../ledger/network';
import { reaches } from './projectionRun';

jest.setTimeout(120_000);

const alice = testSubject('alice');
const bob = testSubject('bob');

/** The projection over the facade on a whole ledger with the built chaincode. */
describe('the projection of a real ledger', () => {
  let network: TestNetwork;
  let store: AccessStore;
  let stop: AbortController;
  beforeAll(async () => {
    network = await startTestNetwork();
    const { publicKey } = await generateKeyPair('ES384', { extractable: true });
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', use: 'sig', alg: 'ES384' }] };
    await network.north.putClient({ clientId: 'north-ehr', name: 'North EHR', jwks, scope: 'system/*.rs' });
    await network.south.putClient({ clientId: 'south-ehr', name: 'South EHR', jwks, scope: 'system/*.rs' });
  });
  afterAll(async () => {
    await network.close();
  });
  beforeEach(() => {
    store = openSqlAccessStore(':memory:');
    stop = new AbortController();
  });
  afterEach(async () => {
    stop.abort();
    await store.close();
  });
  const deps = (change: Partial<ProjectionDeps> = {}): ProjectionDeps => ({
    ledger: network.trustee,
    store,
    log: pino({ level: 'silent' }),
    clock: Date.now,
    random: Math.random,
    sleep: pause,
    pollMs: 50,
    ...change,
  });
  const contents = async (): Promise<unknown> => {
    const checkpoint = await store.checkpoint();
    // Which block it last saw depends on the moment.
    return [await store.scan(1, 100), checkpoint && { ...checkpoint, anchor: undefined }];
  };
  let north = 0;
  let south = 0;
  /** One batch of each hospital: what its staff read, and what billing tried. */
  const record = async (): Promise<void> => {
    const treatment = accessRequest({ subject: alice });
    const billing = accessRequest({ subject: bob, purpose: 'HPAYMT' });
    const requester = { org: 'SouthClinicMSP', clientId: 'south-ehr', person: null };
    await network.north.recordBatch('NorthHospitalMSP/main', north, {
      start: north * 2,
      requests: [treatment, billing],
    });
    north += 1;
    await network.south.recordBatch('SouthClinicMSP/main', south, {
      start: south,
      requests: [accessRequest({ subject: alice, requester })],
    });
    south += 1;
  };

  it('follows, proves, rebuilds to the same, and finds no difference', async () => {
    await record();
    const projection = createProjection(deps());
    const running = projection.run(stop.signal);
    await reaches(projection, ({ state }) => state === 'live');
    await network.trustee.putConsent(alice, { rules: [], default: 'deny' }, 0);
    await record();
    await record();
    const expected = north * 2 + south;
    await reaches(projection, ({ entries, state }) => entries === expected && state === 'live');
    stop.abort();
    await running;

    const outcomes = (await store.page(alice, {}, undefined, 10)).entries.map(({ event }) => event.outcome);
    expect(outcomes).toEqual(['deny', 'deny', 'deny', 'deny', 'permit', 'permit']);
    const before = await contents();
    stop = new AbortController();
    expect(await checkReadModel({ ledger: network.trustee, store }, stop.signal)).toEqual({
      entries: expected,
      differences: [],
      isComplete: true,
      openPlaces: [],
    });
    await rebuildReadModel(deps(), stop.signal);
    expect(await contents()).toEqual(before);
  });

  it('is refused the private events when it is not the trustee’s nor the holder’s', async () => {
    await record();
    const sleeps: number[] = [];
    const status = await projectUntilLive(
      deps({
        ledger: network.south,
        sleep: (ms, signal) => {
          sleeps.push(ms);
          if (sleeps.length === 20) {
            stop.abort();
          }
          return pause(1, signal);
        },
      }),
      stop.signal,
    );
    expect(status.state).toBe('stale');
    expect(status.problem).toContain('NOT_ALLOWED');
    expect(await store.scan(1, 100)).toEqual([]);
  });
});
