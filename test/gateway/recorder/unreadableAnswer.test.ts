// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LedgerError } from '../../../gateway/src/ledger/ledgerError';
import * as wire from '../../../gateway/src/ledger/wire';
import { openOutbox } from '../../../gateway/src/recorder/sqliteOutbox';
import { createRecorder } from '../../../gateway/src/recorder/createRecorder';
import { CLIENT, NORTH, startTestNetwork, type TestNetwork } from '../ledger/network';
import { requestOf } from './support/requests';
import { recordOne, silent } from './support/workbench';

jest.mock('../../../gateway/src/ledger/wire', () => {
  const actual = jest.requireActual<typeof wire>('../../../gateway/src/ledger/wire');
  return { ...actual, parsePermitted: jest.fn(actual.parsePermitted) };
});

let net: TestNetwork;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'recorder-unreadable-'));
  net = await startTestNetwork();
  await net.north.putClient({ ...CLIENT, clientId: 'north-ward' });
}, 60_000);
afterAll(async () => {
  await net.close();
  rmSync(folder, { recursive: true });
}, 60_000);

/** As a chaincode that is older or newer than this gateway answers. */
function answerUnreadablyOnce(): void {
  jest.mocked(wire.parsePermitted).mockImplementationOnce(() => {
    throw new LedgerError('rejected', 'the answer does not fit', { domainCode: 'CORRUPT' });
  });
}

test('a committed batch whose answer cannot be read is found on the ledger, and the lane goes on', async () => {
  const recorder = await createRecorder({
    ledger: net.north,
    lane: `${NORTH}/unreadable`,
    outbox: openOutbox(join(folder, 'outbox.db')),
    emergencyWithoutLedger: 'refuse',
    log: silent,
  });
  answerUnreadablyOnce();
  expect(await recordOne(recorder, requestOf(1))).toMatchObject({ permitted: [true, true], late: false });
  expect(await recordOne(recorder, requestOf(2))).toMatchObject({ permitted: [true, true] });
  expect(recorder.state().phase).toBe('ready');
  await recorder.close();
  const { events } = await net.north.getEvents(`${NORTH}/unreadable`, 0);
  expect(events.map(({ id }) => id)).toEqual([requestOf(1).id]);
});

test('the ledger’s caller is told that the outcome is unknown, not that it was refused', async () => {
  answerUnreadablyOnce();
  const failure: unknown = await net.north
    .recordBatch(`${NORTH}/direct`, 0, { start: 0, requests: [requestOf(3)] })
    .catch((error: unknown) => error);
  expect(failure).toMatchObject({ kind: 'unknown' });
  expect((failure as LedgerError).transactionId).toMatch(/^[0-9a-f]{64}$/);
});
