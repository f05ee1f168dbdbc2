// SPDX-License-Identifier: Apache-2.0
/** A gateway that wants one of its accesses out of a patient's list, without a gap in its lane. */
import type { AccessRequest } from '@chartwitness/chaincode/domain';
import type { ShownEntry } from '../../gateway/src/readmodel/accessStore';
import { openSqlAccessStore } from '../../gateway/src/readmodel/sqlAccessStore';
import { alice, bob, NORTH, ProjectionRun, reaches, SOUTH } from '../gateway/projection/projectionRun';
import { accessRequest } from '../support/accessRequests';

const ID = 'A'.repeat(22);
const item = { type: 'Observation', labels: [], count: 1, ids: ['o-1'] };
const person = { id: 'urn:other', name: 'Dr. Other', role: 'doctor' };

describe('an access stays in the list when its gateway', () => {
  let run: ProjectionRun;
  beforeEach(() => {
    run = new ProjectionRun(openSqlAccessStore(':memory:'));
  });
  afterEach(async () => {
    await run.stop();
    await run.store.close();
  });
  const record = (lane: string, ...requests: Partial<AccessRequest>[]): void => {
    run.ledger.record(
      lane,
      requests.map((request) => accessRequest({ subject: alice, ...request })),
    );
  };
  const shown = async (): Promise<readonly ShownEntry[]> => {
    await run.applied(run.start());
    return (await run.store.page(alice, {}, undefined, 100)).entries;
  };

  it('gives its id to a harmless one first: the list stops by name before the second', async () => {
    record(NORTH, { id: ID });
    record(NORTH, { id: ID, purpose: 'HRESCH' });
    const status = await reaches(run.start(), ({ state }) => state === 'halted');
    expect(status).toMatchObject({ haltReason: 'DUPLICATE_ID', entries: 1 });
  });

  it('gives its id to a harmless one in another lane: both are there, each by its own address', async () => {
    record(NORTH, { id: ID });
    record('NorthHospitalMSP/second', { id: ID, purpose: 'HRESCH' });
    expect((await shown()).map(({ lane, event }) => [lane, event.purpose])).toEqual([
      ['NorthHospitalMSP/second', 'HRESCH'],
      [NORTH, 'TREAT'],
    ]);
    const found = await run.store.find(alice, { lane: 'NorthHospitalMSP/second', number: 0 });
    expect(found?.shown.event.purpose).toBe('HRESCH');
  });

  it.each<[string, string, Partial<AccessRequest>]>([
    [
      'amends it with the name of somebody else',
      NORTH,
      { requester: { org: 'NorthHospitalMSP', clientId: 'north-ehr', person } },
    ],
    ['amends it for another patient', NORTH, { subject: bob }],
    ['has another hospital amend it', SOUTH, {}],
  ])('%s', async (_what, lane, change) => {
    record(NORTH, { id: ID, items: [item] });
    record(lane, {
      items: [{ ...item, released: false }],
      amends: { lane: NORTH, number: 0, id: ID, why: 'nothingGiven' },
      ...change,
    });
    const entry = (await shown()).find(({ number, lane: of }) => number === 0 && of === NORTH);
    expect(entry?.recorded).toBeUndefined();
    expect(entry?.event).toEqual(run.ledger.batches.get(`${NORTH}~0`)?.events[0]);
  });

  it('amends it as it may: what it said before is still there', async () => {
    record(NORTH, { id: ID, items: [item] });
    record(NORTH, {
      items: [{ ...item, released: false }],
      amends: { lane: NORTH, number: 0, id: ID, why: 'nothingGiven' },
    });
    const [entry, ...more] = await shown();
    expect(more).toEqual([]);
    expect(entry?.recorded?.accesses[0]?.event).toEqual(run.ledger.batches.get(`${NORTH}~0`)?.events[0]);
  });

  it('calls it a part of somebody else’s request', async () => {
    record(NORTH, { id: ID, part: { request: ID, number: 1, of: 2 }, items: [item] });
    record(NORTH, {
      part: { request: ID, number: 2, of: 2 },
      items: [item],
      requester: { org: 'NorthHospitalMSP', clientId: 'north-ehr', person },
    });
    expect((await shown()).map(({ event }) => event.requester.person?.name)).toEqual([
      'Dr. Other',
      'Dr. Mariam Gleason',
    ]);
  });
});
