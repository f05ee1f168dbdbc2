// SPDX-License-Identifier: Apache-2.0
import { consentHistory, type ConsentPreview, consentPreview } from '../../../../gateway/src/api/schemas';
import { LedgerError } from '../../../../gateway/src/ledger/ledgerError';
import { accessRequest } from '../../../support/accessRequests';
import { type Answer, Browser } from '../browser';
import { subjectOf } from '../subjects';
import { ALICE, BOB, type Harness, LANE, startTrustee } from '../trusteeHarness';

const alice = subjectOf(ALICE.value);
const OPEN = { rules: [], default: 'permit' };
const NO_BILLING = {
  rules: [{ id: 'no-billing', effect: 'deny', purposes: ['HPAYMT'] }],
  default: 'permit',
};

describe('the consent', () => {
  let harness: Harness;
  let browser: Browser;
  beforeEach(async () => {
    harness = await startTrustee();
    browser = new Browser(harness.baseUrl);
    await browser.signIn(ALICE.username, ALICE.password);
  });
  afterEach(async () => {
    await harness.close();
  });
  const put = (body: unknown, ifMatch?: string, headers: Record<string, string> = {}): Promise<Answer> =>
    browser.api('consent', {
      method: 'PUT',
      body: JSON.stringify(body),
      headers: { ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }), ...headers },
    });
  const unchanged = (): void => {
    expect(harness.ledger.consents.size).toBe(0);
  };
  const problemOf = ({ text }: Answer): { code: string; detail: string } =>
    JSON.parse(text) as { code: string; detail: string };

  it('is the network’s default policy, version 0, while none is on file', async () => {
    const answer = await browser.api('consent');
    expect(answer.headers.get('etag')).toBe('"0"');
    expect(JSON.parse(answer.text)).toEqual({
      subject: alice,
      version: 0,
      rules: [{ id: 'own-staff-treatment', effect: 'permit', org: '@holder', purposes: ['TREAT'] }],
      default: 'deny',
    });
  });

  it('is changed on the ledger before the answer, which has the new version', async () => {
    const answer = await put(NO_BILLING, '"0"');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('etag')).toBe('"1"');
    expect(JSON.parse(answer.text)).toEqual({ subject: alice, version: 1, ...NO_BILLING });
    expect(harness.ledger.consents.get(alice)?.at(-1)?.document).toEqual({
      subject: alice,
      version: 1,
      ...NO_BILLING,
    });
    expect((await browser.api('consent')).text).toBe(answer.text);
    const [denied] = harness.ledger.record(LANE, [accessRequest({ subject: alice, purpose: 'HPAYMT' })]);
    expect(denied?.outcome).toBe('deny');
  });

  it('takes a document back as it was read', async () => {
    const read = JSON.parse((await browser.api('consent')).text) as unknown;
    expect((await put(read, '"0"')).status).toBe(200);
  });

  it('needs to know which version a change starts from', async () => {
    expect(problemOf(await put(OPEN))).toMatchObject({ code: 'PRECONDITION_REQUIRED', status: 428 });
    expect(problemOf(await put(OPEN, '*'))).toMatchObject({ status: 428 });
    unchanged();
    expect((await put(OPEN, '"0"')).status).toBe(200);
    for (const stale of ['"0"', '"2"', 'W/"1"', '1', '"1", "0"', '"x"']) {
      expect(problemOf(await put(NO_BILLING, stale))).toMatchObject({
        code: 'PRECONDITION_FAILED',
        status: 412,
      });
    }
    expect(harness.ledger.consents.get(alice)).toHaveLength(1);
  });

  it('lets one of two changes from the same version win', async () => {
    const answers = await Promise.all([put(OPEN, '"0"'), put(NO_BILLING, '"0"')]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
  });

  it.each([
    ['no default', { rules: [] }, 'default'],
    ['an unknown field', { ...OPEN, note: 'x' }, 'note'],
    ['a rule without an effect', { ...OPEN, rules: [{ id: 'a' }] }, 'rules.0.effect'],
    [
      'two rules with one id',
      {
        ...OPEN,
        rules: [
          { id: 'a', effect: 'deny' },
          { id: 'a', effect: 'permit' },
        ],
      },
      'rules[1].id',
    ],
    [
      'a permit that holds in an emergency',
      { ...OPEN, rules: [{ id: 'a', effect: 'permit', holdsInEmergency: true }] },
      'holdsInEmergency',
    ],
    [
      'a period that ends before it starts',
      { ...OPEN, rules: [{ id: 'a', effect: 'deny', period: { start: '2026-02-01', end: '2026-01-01' } }] },
      'period',
    ],
    [
      'too many rules',
      { ...OPEN, rules: Array.from({ length: 201 }, (_, at) => ({ id: `r${String(at)}`, effect: 'deny' })) },
      'rules',
    ],
    ['a version that is not If-Match’s', { ...OPEN, version: 4 }, 'version'],
    ['another patient’s subject', { ...OPEN, subject: subjectOf(BOB.value) }, 'subject'],
    ['a list', [], ''],
  ])('refuses %s and names the field', async (_what, body, field) => {
    const answer = await put(body, '"0"');
    expect(answer.status).toBe(400);
    expect(problemOf(answer).detail).toContain(field);
    unchanged();
  });

  it('refuses what is not JSON, and what is too large', async () => {
    const text = await browser.api('consent', { method: 'PUT', body: '{', headers: { 'if-match': '"0"' } });
    expect(text.status).toBe(400);
    const form = await put(OPEN, '"0"', { 'content-type': 'text/plain' });
    expect(form.status).toBe(415);
    const large = await put({ ...OPEN, rules: 'x'.repeat(600_000) }, '"0"');
    expect(large.status).toBe(413);
    unchanged();
  });

  it.each([
    ['no CSRF token', { 'x-csrf-token': '' }],
    ['a wrong CSRF token', { 'x-csrf-token': 'A'.repeat(32) }],
    ['another origin', { origin: 'https://evil.example' }],
    ['a sandboxed origin', { origin: 'null' }],
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['a sister site', { 'sec-fetch-site': 'same-site' }],
  ])('refuses a change with %s', async (_what, headers) => {
    const answer = await put(OPEN, '"0"', headers);
    expect(problemOf(answer)).toMatchObject({ code: 'CSRF', status: 403 });
    unchanged();
    expect(
      (await put(OPEN, '"0"', { origin: harness.baseUrl, 'sec-fetch-site': 'same-origin' })).status,
    ).toBe(200);
  });

  it('refuses a CSRF token of another session', async () => {
    const other = new Browser(harness.baseUrl);
    await other.signIn(ALICE.username, ALICE.password);
    expect((await put(OPEN, '"0"', { 'x-csrf-token': other.csrfToken })).status).toBe(403);
    unchanged();
  });

  describe('while the ledger fails', () => {
    it('answers 503 with Retry-After and changes nothing when it is away', async () => {
      harness.ledger.break(new LedgerError('unavailable', 'down'));
      for (const answer of [
        await put(OPEN, '"0"'),
        await browser.api('consent'),
        await browser.api('consent/history'),
      ]) {
        expect(answer.status).toBe(503);
        expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      }
      unchanged();
    });

    it('does not try again what the ledger has tried again, and says when to come back', async () => {
      harness.ledger.putFailures.push({ error: new LedgerError('retryable', 'mismatch'), written: false });
      const answer = await put(OPEN, '"0"');
      expect(answer.status).toBe(503);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      unchanged();
      expect((await put(OPEN, '"0"')).status).toBe(200);
      expect(harness.ledger.consents.get(alice)).toHaveLength(1);
    });

    it('finds out what became of a change whose reply was lost', async () => {
      const error = new LedgerError('unknown', 'timeout');
      harness.ledger.putFailures.push({ error, written: true });
      const kept = await put(OPEN, '"0"');
      expect([kept.status, kept.headers.get('etag')]).toEqual([200, '"1"']);

      harness.ledger.putFailures.push({ error, written: false });
      expect((await put(NO_BILLING, '"1"')).status).toBe(503);
      expect(harness.ledger.consents.get(alice)).toHaveLength(1);
      expect((await put(NO_BILLING, '"1"')).status).toBe(200);
    });
  });

  it('lists its versions newest first, in pages', async () => {
    for (const [body, version] of [
      [OPEN, 0],
      [NO_BILLING, 1],
      [OPEN, 2],
    ] as const) {
      await put(body, `"${String(version)}"`);
    }
    const history = async (query: string): Promise<ReturnType<typeof consentHistory.parse>> =>
      consentHistory.parse(JSON.parse((await browser.api(`consent/history${query}`)).text));
    const first = await history('?limit=2');
    expect(first.items.map(({ consent }) => consent.version)).toEqual([3, 2]);
    const second = await history(`?limit=2&cursor=${first.next ?? ''}`);
    expect(second.items.map(({ consent }) => consent.version)).toEqual([1]);
    expect(second.next).toBeNull();
    expect((await browser.api('consent/history?cursor=AAAA')).status).toBe(400);
  });

  describe('preview', () => {
    const preview = (body: unknown, query = ''): Promise<Answer> =>
      browser.api(`consent/preview${query}`, { method: 'POST', body: JSON.stringify(body) });

    const closed = { rules: [], default: 'deny' };
    const answerOf = async (body: unknown, query = ''): Promise<ConsentPreview> =>
      consentPreview.parse(JSON.parse((await preview(body, query)).text));
    const endings = ({ items }: ConsentPreview): unknown =>
      items.map(({ access, standing, outcome }) => [access.purpose, standing, outcome]);
    const EMERGENCY = { subject: alice, purpose: 'BTG', emergency: { reason: 'unconscious on arrival' } };
    const ONE = 'urn:oid:2.16.840.1.113883.4.6#10';
    const block = (holdsInEmergency: boolean) =>
      ({ id: 'one', effect: 'deny', user: ONE, ...(holdsInEmergency && { holdsInEmergency }) }) as const;

    it('tells what a draft decides otherwise than the rules that hold, and changes nothing', async () => {
      harness.ledger.record(LANE, [
        accessRequest({ subject: alice }),
        accessRequest({ subject: alice, purpose: 'HPAYMT' }),
        accessRequest({ subject: subjectOf(BOB.value), purpose: 'HPAYMT' }),
      ]);
      await harness.projected();
      const answer = await answerOf(closed);
      expect(answer).toMatchObject({ version: 0, considered: 2, next: null });
      expect(
        answer.items.map(({ access, outcome, items }) => [access.purpose, access.outcome, outcome, items]),
      ).toEqual([
        ['TREAT', 'permit', 'deny', [{ type: 'Observation', count: 1, before: 'permit', after: 'deny' }]],
      ]);
      expect(endings(await answerOf(OPEN))).toEqual([['HPAYMT', 'deny', 'permit']]);
      unchanged();
    });

    it('does not blame the draft for what a rule on file does already, whatever happened before that rule', async () => {
      harness.ledger.record(LANE, [accessRequest({ subject: alice }), accessRequest(EMERGENCY)]);
      await put({ rules: [block(true)], default: 'permit' }, '"0"');
      await harness.projected();
      // The rule stays, and the draft closes more beside it: both requests are refused either way.
      expect(await answerOf({ rules: [block(true)], default: 'deny' })).toMatchObject({
        items: [],
        version: 1,
        considered: 2,
      });
      // Twin: the draft that takes the rule away is what opens both again.
      expect(endings(await answerOf(OPEN))).toEqual([
        ['BTG', 'deny', 'permit'],
        ['TREAT', 'deny', 'permit'],
      ]);
    });

    it('says of an ordinary block that it refuses the ordinary request, and of an emergency nothing', async () => {
      harness.ledger.record(LANE, [accessRequest({ subject: alice }), accessRequest(EMERGENCY)]);
      await put(OPEN, '"0"');
      await harness.projected();
      expect(endings(await answerOf({ rules: [block(false)], default: 'permit' }))).toEqual([
        ['TREAT', 'permit', 'deny'],
      ]);
      // Twin: one that holds in an emergency refuses both.
      expect(endings(await answerOf({ rules: [block(true)], default: 'permit' }))).toEqual([
        ['BTG', 'permit', 'deny'],
        ['TREAT', 'permit', 'deny'],
      ]);
      // On file it is the draft's doing no longer, beside an ordinary block of the whole organisation either.
      await put({ rules: [block(true)], default: 'permit' }, '"1"');
      const org = { id: 'org', effect: 'deny', org: 'NorthHospitalMSP' };
      expect((await answerOf({ rules: [org, block(true)], default: 'permit' })).items).toEqual([]);
    });

    it('compares with the rules that hold when it is asked: pages of two versions do not add up', async () => {
      harness.ledger.record(LANE, [accessRequest({ subject: alice }), accessRequest({ subject: alice })]);
      await harness.projected();
      const { next } = await answerOf(closed, '?limit=1');
      await put(OPEN, '"0"');
      expect((await preview(closed, `?limit=1&cursor=${next ?? ''}`)).status).toBe(400);
      expect((await answerOf(closed, '?limit=1')).version).toBe(1);
    });

    it('answers 503 while the rules that hold cannot be read', async () => {
      harness.ledger.break(new LedgerError('unavailable', 'down'));
      const answer = await preview(closed);
      expect([answer.status, Number(answer.headers.get('retry-after')) > 0]).toEqual([503, true]);
    });

    it('goes on where a page ended, for the same draft only', async () => {
      harness.ledger.record(
        LANE,
        Array.from({ length: 5 }, () => accessRequest({ subject: alice })),
      );
      await harness.projected();
      const first = await answerOf(closed, '?limit=3');
      expect([first.items.length, first.considered]).toEqual([3, 3]);
      const next = `?limit=3&cursor=${first.next ?? ''}`;
      const second = await answerOf(closed, next);
      expect([second.items.length, second.considered, second.next]).toEqual([2, 2, null]);
      expect((await preview(OPEN, next)).status).toBe(400);
    });

    it('leaves out what is older than asked for, on every page', async () => {
      harness.ledger.record(LANE, [accessRequest({ subject: alice }), accessRequest({ subject: alice })]);
      await harness.projected();
      const all = await answerOf(closed);
      const at = all.items[0]?.access.at ?? '';
      const considered = async (from: string): Promise<number> =>
        (await answerOf(closed, `?from=${encodeURIComponent(from)}`)).considered;
      expect(await considered(at)).toBe(2);
      expect(await considered(new Date(Date.parse(at) + 1).toISOString())).toBe(0);
      expect((await preview(closed, '?from=yesterday')).status).toBe(400);
      const { next } = await answerOf(closed, '?limit=1');
      const other = `?limit=1&from=${encodeURIComponent(at)}&cursor=${next ?? ''}`;
      expect((await preview(closed, other)).status).toBe(400);
    });

    it('refuses a draft that the ledger would refuse, and a call without CSRF token', async () => {
      const twice = {
        ...OPEN,
        rules: [
          { id: 'a', effect: 'deny' },
          { id: 'a', effect: 'deny' },
        ],
      };
      expect((await preview(twice)).status).toBe(400);
      browser.csrfToken = '';
      expect((await preview(OPEN)).status).toBe(403);
    });
  });
});
