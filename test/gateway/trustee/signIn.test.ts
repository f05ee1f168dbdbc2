// SPDX-License-Identifier: Apache-2.0
import { Browser } from './browser';
import { ALICE, BOB, type Harness, startTrustee } from './trusteeHarness';

describe('signing in by a form without script', () => {
  let harness: Harness;
  beforeEach(async () => {
    harness = await startTrustee();
  });
  afterEach(async () => {
    await harness.close();
  });

  it('opens the patient’s own API', async () => {
    const browser = new Browser(harness.baseUrl);
    expect((await browser.api('me')).status).toBe(401);
    await browser.signIn(ALICE.username, ALICE.password);
    const me = await browser.api('me');
    expect(me.status).toBe(200);
    expect(JSON.parse(me.text)).toMatchObject({ name: ALICE.name, username: ALICE.username });
    expect(me.headers.get('cache-control')).toBe('no-store');
  });
});
BOB;
