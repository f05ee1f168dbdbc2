// SPDX-License-Identifier: Apache-2.0
/** A stranger guesses at a patient's password to keep her out. */
import { Browser } from '../gateway/trustee/browser';
import { ALICE, type Harness, startTrustee } from '../gateway/trustee/trusteeHarness';

let harness: Harness;
beforeEach(async () => {
  harness = await startTrustee({ trustedProxies: 1 });
});
afterEach(async () => {
  await harness.close();
});

/** A browser whose requests come through the proxy, from this address. */
class BrowserAt extends Browser {
  readonly address: string;

  constructor(baseUrl: string, address: string) {
    super(baseUrl);
    this.address = address;
  }
  override send(url: string | URL, ask: Parameters<Browser['send']>[1] = {}): ReturnType<Browser['send']> {
    return super.send(url, { ...ask, headers: { ...ask.headers, 'x-forwarded-for': this.address } });
  }
}

const guess = async (address: string, times: number): Promise<number[]> => {
  const browser = new BrowserAt(harness.baseUrl, address);
  const form = await browser.follow('/auth/login');
  const statuses: number[] = [];
  for (let at = 0; at < times; at += 1) {
    const answer = await browser.submit(form, { username: ALICE.username, password: `guess ${String(at)}` });
    statuses.push(answer.status);
  }
  return statuses;
};

it('a stranger who guesses waits, and the patient elsewhere gets in, and is told', async () => {
  expect(await guess('203.0.113.9', 8)).toEqual([401, 401, 401, 401, 401, 429, 429, 429]);
  const patient = new BrowserAt(harness.baseUrl, '198.51.100.7');
  await patient.signIn(ALICE.username, ALICE.password);
  const me = JSON.parse((await patient.api('me')).text) as { failedSignIns: unknown };
  expect(me.failedSignIns).toEqual({ count: 5, since: expect.stringMatching(/^\d{4}-/) as unknown });
  expect(harness.pauses).toEqual([]);
});

it('guesses from many addresses slow her sign-in by seconds, and never refuse her', async () => {
  for (let source = 0; source < 30; source += 1) {
    await guess(`203.0.113.${String(source)}`, 1);
  }
  const patient = new BrowserAt(harness.baseUrl, '198.51.100.7');
  await patient.signIn(ALICE.username, ALICE.password);
  expect((await patient.api('me')).status).toBe(200);
  expect(Math.max(...harness.pauses)).toBe(8000);
  expect(JSON.parse((await patient.api('me')).text)).toMatchObject({ failedSignIns: { count: 30 } });
});

it('one IPv6 network is one stranger', async () => {
  const statuses: number[] = [];
  for (let host = 1; host <= 8; host += 1) {
    statuses.push(...(await guess(`2001:db8::${String(host)}`, 1)));
  }
  expect(statuses.filter((status) => status === 429)).toHaveLength(3);
});

it('twin: her own slips cost her nothing and are not told', async () => {
  const patient = new BrowserAt(harness.baseUrl, '198.51.100.7');
  const form = await patient.follow('/auth/login');
  await patient.submit(form, { username: ALICE.username, password: 'alice likes coffee' });
  await patient.submit(form, { username: ALICE.username, password: ALICE.password });
  expect(JSON.parse((await patient.api('me')).text)).toMatchObject({ failedSignIns: null });
});

it('without a proxy, an address that the caller writes counts for nothing', async () => {
  const direct = await startTrustee();
  try {
    const form = await new BrowserAt(direct.baseUrl, '203.0.113.1').follow('/auth/login');
    const statuses: number[] = [];
    for (let at = 0; at < 7; at += 1) {
      const browser = new BrowserAt(direct.baseUrl, `203.0.113.${String(at)}`);
      const own = await browser.follow('/auth/login');
      statuses.push((await browser.submit(own, { username: ALICE.username, password: 'guess' })).status);
    }
    expect(form.status).toBe(200);
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
  } finally {
    await direct.close();
  }
});
