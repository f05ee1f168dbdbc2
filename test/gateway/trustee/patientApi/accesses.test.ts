// SPDX-License-Identifier: Apache-2.0
import { accessEntry, accessList, type AccessList } from '../../../../gateway/src/api/schemas';
import { LedgerError } from '../../../../gateway/src/ledger/ledgerError';
import { StoreUnavailableError } from '../../../../gateway/src/readmodel/accessStore';
import { accessRequest } from '../../../support/accessRequests';
import { Browser } from '../browser';
import { subjectOf } from '../subjects';
import { ALICE, BOB, type Harness, LANE, startTrustee } from '../trusteeHarness';

const alice = subjectOf(ALICE.value);
const bob = subjectOf(BOB.value);

describe('the list of accesses', () => {
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
  const list = async (query = '', given = browser): Promise<AccessList> => {
    const answer = await given.api(`accesses${query}`);
    expect(answer.status).toBe(200);
    return accessList.parse(JSON.parse(answer.text));
  };
  const refused = async (query: string): Promise<string> => {
    const answer = await browser.api(`accesses${query}`);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    return (JSON.parse(answer.text) as { detail: string }).detail;
  };

  describe('with the filters in the body', () => {
    const search = (body: unknown) =>
      browser.api('accesses/search', { method: 'POST', body: JSON.stringify(body) });

    it('is the same list, and goes on with the same cursors', async () => {
      const user = 'urn:oid:2.16.840.1.113883.4.6#10';
      harness.ledger.record(
        LANE,
        Array.from({ length: 3 }, () => accessRequest({ subject: alice })),
      );
      await harness.projected();
      const first = accessList.parse(JSON.parse((await search({ user, limit: 2 })).text));
      expect(first).toEqual(await list(`?limit=2&user=${encodeURIComponent(user)}`));
      expect(first.items).toHaveLength(2);
      const rest = await list(`?user=${encodeURIComponent(user)}&cursor=${first.next ?? ''}`);
      expect(accessList.parse(JSON.parse((await search({ user, cursor: first.next })).text))).toEqual(rest);
      expect(rest.items).toHaveLength(1);
      expect(JSON.parse((await search({ user: 'urn:nobody' })).text)).toEqual({ items: [], next: null });
    });

    it.each([
      ['an unknown member', { person: 'x' }, 400],
      ['a value of another form', { outcome: 'maybe' }, 400],
      ['no object', 'user', 400],
    ])('refuses %s', async (_what, body, status) => {
      expect((await search(body)).status).toBe(status);
    });

    it('refuses what is not JSON, a call without CSRF token, and a caller who is not signed in', async () => {
      const plain = { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'user=x' };
      expect((await browser.api('accesses/search', plain)).status).toBe(415);
      browser.csrfToken = '';
      expect((await search({})).status).toBe(403);
      browser.cookies.clear();
      expect((await search({})).status).toBe(401);
    });
  });

  it('shows each access with who, when, why, on what basis and where on the ledger', async () => {
    const [event] = harness.ledger.record(LANE, [
      accessRequest({
        subject: alice,
        items: [
          { type: 'Observation', labels: ['PSY'], count: 2, ids: ['o-1', 'o-2'] },
          { type: 'Patient', labels: [], count: 1, ids: ['p-1'] },
        ],
      }),
    ]);
    await harness.projected();
    const { items, next } = await list();
    const last = harness.ledger.blocks.at(-1);
    expect(next).toBeNull();
    expect(items).toEqual([
      {
        id: 'NorthHospitalMSP~main~0',
        at: event?.at,
        holder: 'NorthHospitalMSP',
        requester: {
          organisation: { mspId: 'NorthHospitalMSP', name: 'North Hospital' },
          person: { id: 'urn:oid:2.16.840.1.113883.4.6#10', name: 'Dr. Mariam Gleason', role: 'doctor' },
          clientId: 'north-ehr',
        },
        purpose: 'TREAT',
        action: 'read',
        outcome: 'permit',
        emergency: null,
        late: false,
        items: [
          {
            type: 'Observation',
            labels: ['PSY'],
            count: 2,
            ids: ['o-1', 'o-2'],
            decision: 'permit',
            basis: { kind: 'networkDefault', rule: 'own-staff-treatment' },
          },
          {
            type: 'Patient',
            labels: [],
            count: 1,
            ids: ['p-1'],
            decision: 'permit',
            basis: { kind: 'networkDefault', rule: 'own-staff-treatment' },
          },
        ],
        ledger: {
          lane: LANE,
          number: 0,
          seq: 0,
          index: 0,
          transactionId: last?.transactionId,
          block: Number(last?.block),
        },
      },
    ]);
    const one = await browser.api(`accesses/NorthHospitalMSP~main~0`);
    expect(accessEntry.parse(JSON.parse(one.text))).toEqual(items[0]);
    expect(one.headers.get('cache-control')).toBe('no-store');
  });

  it('shows refused attempts and emergencies', async () => {
    harness.ledger.record(LANE, [
      accessRequest({ subject: alice, purpose: 'HPAYMT' }),
      accessRequest({ subject: alice, purpose: 'BTG', emergency: { reason: 'unconscious on arrival' } }),
    ]);
    await harness.projected();
    const { items } = await list();
    expect(items.map(({ outcome, emergency }) => [outcome, emergency?.reason])).toEqual([
      ['permit', 'unconscious on arrival'],
      ['deny', undefined],
    ]);
    expect(items[0]?.items[0]?.basis).toEqual({ kind: 'emergency', version: null });
  });

  it('shows a patient nothing of another’s', async () => {
    const theirs = 'NorthHospitalMSP~main~1';
    harness.ledger.record(LANE, [accessRequest({ subject: alice }), accessRequest({ subject: bob })]);
    await harness.projected();
    expect((await list()).items).toHaveLength(1);
    const other = await browser.api(`accesses/${theirs}`);
    const absent = await browser.api('accesses/NorthHospitalMSP~main~2');
    expect([other.status, absent.status]).toEqual([404, 404]);
    const hide = (text: string): string => text.replace(/"requestId":"[^"]+"/, '');
    expect(hide(other.text)).toBe(hide(absent.text));
    expect(await refused(`?subject=${bob}`)).toContain('subject');

    const owner = new Browser(harness.baseUrl);
    await owner.signIn(BOB.username, BOB.password);
    expect((await owner.api(`accesses/${theirs}`)).status).toBe(200);
  });

  it('pages newest first, unmoved by entries that arrive meanwhile', async () => {
    const made: string[] = [];
    const record = (count: number): void => {
      for (let at = 0; at < count; at += 1) {
        made.push(`NorthHospitalMSP~main~${String(harness.ledger.laneCount(LANE))}`);
        harness.ledger.record(LANE, [accessRequest({ subject: alice }), accessRequest({ subject: bob })]);
      }
    };
    record(10);
    await harness.projected();
    const expected = [...made].reverse();
    const seen: string[] = [];
    let query = '?limit=3';
    for (;;) {
      const page = await list(query);
      seen.push(...page.items.map(({ id }) => id));
      if (page.next === null) {
        break;
      }
      query = `?limit=3&cursor=${page.next}`;
      record(2);
      await harness.projected();
    }
    expect(seen).toEqual(expected);
  });

  it('refuses a cursor of another patient, of other filters, and a forged one', async () => {
    harness.ledger.record(
      LANE,
      [alice, alice, bob, bob].map((subject) => accessRequest({ subject })),
    );
    await harness.projected();
    const owner = new Browser(harness.baseUrl);
    await owner.signIn(BOB.username, BOB.password);
    const theirs = (await list('?limit=1', owner)).next ?? '';
    const own = (await list('?limit=1')).next ?? '';
    expect((await list(`?cursor=${own}`)).items).toHaveLength(1);
    expect(await refused(`?cursor=${theirs}`)).toContain('cursor');
    expect(await refused(`?purpose=TREAT&cursor=${own}`)).toContain('cursor');
    expect(await refused('?cursor=AAAA')).toContain('cursor');
    expect(await refused(`?cursor=${'A'.repeat(27)}`)).toContain('cursor');
  });

  it('filters by organisation, person, purpose, outcome, type and time', async () => {
    const { ledger } = harness;
    ledger.record(LANE, [accessRequest({ subject: alice })]);
    ledger.record('SouthClinicMSP/main', [
      accessRequest({
        subject: alice,
        purpose: 'HPAYMT',
        requester: {
          org: 'SouthClinicMSP',
          clientId: 'south-ehr',
          person: { id: 'clerk-7', name: 'Keeley Yundt', role: 'clerk' },
        },
        items: [{ type: 'Claim', labels: [], count: 1, ids: ['c-1'] }],
      }),
    ]);
    ledger.record(LANE, [
      accessRequest({ subject: alice, purpose: 'ETREAT', emergency: { reason: 'heart attack' } }),
    ]);
    await harness.projected();
    const seqs = async (query: string): Promise<string[]> =>
      (await list(query)).items.map(({ purpose }) => purpose);
    const all = (await list()).items;
    expect(await seqs('')).toEqual(['ETREAT', 'HPAYMT', 'TREAT']);
    expect(await seqs('?org=SouthClinicMSP')).toEqual(['HPAYMT']);
    expect(await seqs('?user=clerk-7')).toEqual(['HPAYMT']);
    expect(await seqs('?user=clerk')).toEqual([]);
    expect(await seqs('?purpose=TREAT,ETREAT')).toEqual(['ETREAT', 'TREAT']);
    expect(await seqs('?purpose=TREAT&purpose=HPAYMT')).toEqual(['HPAYMT', 'TREAT']);
    expect(await seqs('?outcome=deny')).toEqual(['HPAYMT']);
    expect(await seqs('?outcome=permit,partial')).toEqual(['ETREAT', 'TREAT']);
    expect(await seqs('?type=Claim')).toEqual(['HPAYMT']);
    expect(await seqs('?type=Clai')).toEqual([]);
    const [newest, middle] = all;
    expect(await seqs(`?from=${newest?.at ?? ''}`)).toEqual(['ETREAT']);
    expect(await seqs(`?to=${newest?.at ?? ''}`)).toEqual(['HPAYMT', 'TREAT']);
    expect(await seqs(`?from=${middle?.at ?? ''}&to=${newest?.at ?? ''}`)).toEqual(['HPAYMT']);
    expect(await seqs(`?from=${encodeURIComponent('2026-03-01T00:00:00+01:00')}`)).toHaveLength(3);
    expect(await seqs('?org=NorthHospitalMSP&outcome=deny')).toEqual([]);
    expect(await seqs('?user=%27%20OR%201%3D1--')).toEqual([]);
  });

  it.each([
    ['?limit=0', 'limit'],
    ['?limit=201', 'limit'],
    ['?limit=ten', 'limit'],
    ['?from=yesterday', 'from'],
    ['?outcome=maybe', 'outcome'],
    ['?purpose=,', 'purpose'],
    [`?type=${Array.from({ length: 21 }, (_, at) => `T${String(at)}`).join(',')}`, 'type'],
    ['?order=asc', 'order'],
    ['?cursor=%00', 'cursor'],
  ])('says what is wrong with %s', async (query, field) => {
    expect(await refused(query)).toContain(field);
  });

  it('still answers while the ledger is away', async () => {
    harness.ledger.record(LANE, [accessRequest({ subject: alice })]);
    await harness.projected();
    harness.ledger.break(new LedgerError('unavailable', 'down'));
    expect((await list()).items).toHaveLength(1);
    const me = JSON.parse((await browser.api('me')).text) as { list: { state: string; block: number } };
    expect(me.list.block).toBe(harness.ledger.blocks.length - 1);
  });

  it('answers 503 with Retry-After when the store is away', async () => {
    jest.spyOn(harness.store, 'page').mockRejectedValue(new StoreUnavailableError('disk'));
    const answer = await browser.api('accesses');
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('5');
    expect(JSON.parse(answer.text)).toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('tells who calls, which organisations there are, and how fresh the list is', async () => {
    await harness.projected();
    const me = JSON.parse((await browser.api('me')).text) as Record<string, unknown>;
    expect(me).toMatchObject({
      subject: alice,
      organisations: [{ mspId: 'NorthHospitalMSP', name: 'North Hospital', role: 'holder' }],
      list: { block: 1, state: 'live' },
      ledger: 'shared',
    });
  });

  it('shows a new name of an organisation once the ledger announces it', async () => {
    harness.ledger.record(LANE, [accessRequest({ subject: alice })]);
    await harness.projected();
    expect((await list()).items[0]?.requester.organisation.name).toBe('North Hospital');
    await harness.ledger.admitOrganisation({
      mspId: 'NorthHospitalMSP',
      role: 'holder',
      name: 'North University Hospital',
      identifiers: [],
    });
    await harness.projected();
    expect((await list()).items[0]?.requester.organisation.name).toBe('North University Hospital');
  });
});
