// SPDX-License-Identifier: Apache-2.0
/**
 * A hospital that leaves one place of its lane open for ever, and with it whatever it would have recorded
 * there.
 */
import request from 'supertest';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Browser } from '../gateway/trustee/browser';
import { ALICE, type Harness, LANE, startTrustee } from '../gateway/trustee/trusteeHarness';
import { subjectOf } from '../gateway/trustee/subjects';
import { accessRequest } from '../support/accessRequests';
import { FakeProvenanceLedger } from '../support/fakeProvenanceLedger';

let harness: Harness;
let portal: string;
let alice: string;
beforeEach(async () => {
  portal = mkdtempSync(join(tmpdir(), 'place-left-open-'));
  writeFileSync(join(portal, 'index.html'), '<!doctype html>');
  harness = await startTrustee({ portalDirectory: portal });
  alice = subjectOf(ALICE.value);
});
afterEach(async () => {
  await harness.close();
  rmSync(portal, { recursive: true });
});

function put(seq: number): void {
  const events = new FakeProvenanceLedger().record(LANE, [accessRequest({ subject: alice })]);
  harness.ledger.putBatch(LANE, seq, { start: seq, events });
}

async function inState(wanted: string): Promise<void> {
  await new Promise<void>((resolve) => {
    const look = (): void => {
      if (harness.projection.status().state === wanted) {
        done();
        resolve();
      }
    };
    const done = harness.projection.watch(look);
    look();
  });
  // Readiness is remembered for a second.
  harness.advance(1000);
}

test('the patient is told which hospital, the operator which place; everybody else’s entries go on', async () => {
  const browser = new Browser(harness.baseUrl);
  await browser.signIn(ALICE.username, ALICE.password);
  const list = async (): Promise<unknown> =>
    (JSON.parse((await browser.api('me')).text) as { list: unknown }).list;
  put(0);
  await inState('live');
  expect(await list()).not.toHaveProperty('missing');
  put(2);
  await inState('incomplete');
  expect(await list()).toMatchObject({
    state: 'incomplete',
    missing: [{ holder: 'NorthHospitalMSP', since: '2026-03-01T08:00:01.000Z' }],
  });
  const readiness = await request(harness.trustee.operations).get('/readyz');
  // One holder cannot take the patients' service away.
  expect(readiness.status).toBe(200);
  expect(readiness.body).toMatchObject({
    parts: {
      list: {
        ready: true,
        detail: 'incomplete',
        reason: expect.stringContaining(`lane ${LANE}, seq 1`) as string,
        remedy: expect.stringContaining('ask the holder') as string,
      },
    },
  });
  harness.ledger.record('SouthClinicMSP/main', [accessRequest({ subject: alice })]);
  await harness.projected();
  expect((JSON.parse((await browser.api('accesses')).text) as { items: unknown[] }).items).toHaveLength(3);
  put(1);
  await inState('live');
  expect(await list()).not.toHaveProperty('missing');
});
