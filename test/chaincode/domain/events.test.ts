// SPDX-License-Identifier: Apache-2.0
import { createHash, createHmac } from 'node:crypto';
import * as fc from 'fast-check';
import {
  type AccessEvent,
  batchRecordOf,
  canonicalBytes,
  completeEvent,
  type ConsentDocument,
  decodePermitted,
  type Digest,
  DomainError,
  encodeBase64url,
  encodePermitted,
  formatLane,
  type HmacSha256,
  leafHash,
  MAX_SEQ,
  merkleLeafHash,
  parseDomainError,
  parseLane,
  parseSeq,
  recordLeafHash,
  type RefusalReason,
  replay,
  subjectPseudonym,
} from '@chartwitness/chaincode/domain';
import { sealBatch } from '../../../chaincode/src/domain/sealBatch';
import { bits128, DEFAULT_POLICY, item, request, southRequester, subjectOf } from '../support/network';
import { thrown } from '../support/thrown';

const sha256: Digest = (data) => new Uint8Array(createHash('sha256').update(data).digest());
const at = '2026-11-23T09:30:00.000Z';
const context = {
  holder: 'NorthHospitalMSP',
  at,
  consent: undefined,
  defaultPolicy: DEFAULT_POLICY,
  refusal: undefined,
};
const event = (name: string): AccessEvent => completeEvent(request(name), context);

describe('completeEvent', () => {
  test('adds the holder, the time, the outcome and a decision for every item, and nothing else', () => {
    const asked = request('a');
    expect(event('a')).toEqual({
      ...asked,
      v: 2,
      kind: 'access',
      holder: 'NorthHospitalMSP',
      at,
      outcome: 'permit',
      items: [
        { ...item(), decision: 'permit', basis: { kind: 'networkDefault', rule: 'own-staff-treatment' } },
      ],
    });
    const padded = { ...asked, extra: 'not hashed' };
    expect(completeEvent(padded, context)).toEqual(event('a'));
  });

  test.each<RefusalReason>([
    'organisationUnknown',
    'organisationSuspended',
    'clientUnknown',
    'clientSuspended',
  ])('the registry’s refusal %s outranks consent and emergency', (refusal) => {
    const consent: ConsentDocument = { subject: subjectOf('ada'), version: 1, rules: [], default: 'permit' };
    const asked = request('a', { purpose: 'BTG', emergency: { reason: 'unconscious on arrival' } });
    const refused = completeEvent(asked, { ...context, consent, refusal });
    expect(refused.outcome).toBe('deny');
    expect(refused.items[0]).toMatchObject({ decision: 'deny', basis: { kind: 'refused', reason: refusal } });
  });
});

describe('replay', () => {
  const permitAll = { rules: [], default: 'permit' } as const;
  const denyAll = { rules: [], default: 'deny' } as const;

  test('shows how an access would have ended under a draft', () => {
    expect(replay(event('a'), denyAll, 1)).toMatchObject({
      outcome: 'deny',
      items: [{ decision: 'deny', basis: { kind: 'default', version: 1 } }],
    });
    const south = completeEvent(request('b', { requester: southRequester }), context);
    expect(south.outcome).toBe('deny');
    expect(replay(south, permitAll, 1).outcome).toBe('permit');
  });

  test('at the time of the access', () => {
    const draft = {
      rules: [{ id: 'r', effect: 'permit', period: { end: '2026-11-23' } }],
      default: 'deny',
    } as const;
    expect(replay(event('a'), draft, 1).outcome).toBe('permit');
    expect(replay({ ...event('a'), at: '2026-11-24T00:00:00.000Z' }, draft, 1).outcome).toBe('deny');
  });

  test('under the consent that decided it changes nothing', () => {
    const draft = { rules: [{ id: 'psy', effect: 'deny', labels: ['PSY'] }], default: 'permit' } as const;
    const consent: ConsentDocument = { ...draft, subject: subjectOf('ada'), version: 4 };
    const asked = request('a', { items: [item({ labels: ['PSY'] }), item()] });
    const recorded = completeEvent(asked, { ...context, consent });
    expect(replay(recorded, draft, 4)).toEqual({ outcome: recorded.outcome, items: recorded.items });
  });

  test('leaves what the registry refused, and refuses an incomplete emergency again', () => {
    const refused = completeEvent(request('a'), { ...context, refusal: 'clientSuspended' });
    expect(replay(refused, permitAll, 1)).toEqual({ outcome: 'deny', items: refused.items });
    const incomplete = completeEvent(request('a', { purpose: 'BTG' }), context);
    expect(replay(incomplete, permitAll, 1).outcome).toBe('deny');
  });
});

describe('hashes', () => {
  test('a leaf is SHA-256(0x00 ‖ JCS(event)), and changes with every field and the salt', () => {
    const bytes = Buffer.concat([Buffer.of(0), canonicalBytes(event('a'))]);
    expect(Buffer.from(leafHash(event('a'), sha256))).toEqual(createHash('sha256').update(bytes).digest());
    for (const changed of [
      { salt: bits128('other') },
      { outcome: 'deny' as const },
      { late: true },
      { at: context.at.replace('30', '31') },
    ]) {
      expect(leafHash({ ...event('a'), ...changed }, sha256)).not.toEqual(leafHash(event('a'), sha256));
    }
  });

  test('a batch’s record follows from its events', () => {
    const one = { start: 5, events: [event('a')] };
    expect(batchRecordOf(one, sha256)).toEqual({
      start: 5,
      count: 1,
      batchRoot: encodeBase64url(leafHash(event('a'), sha256)),
    });
    const [a, b] = [event('a'), event('b')];
    expect(batchRecordOf({ start: 0, events: [a, b] }, sha256).batchRoot).not.toBe(
      batchRecordOf({ start: 0, events: [b, a] }, sha256).batchRoot,
    );
    const record = batchRecordOf(one, sha256);
    expect(recordLeafHash(record, sha256)).toEqual(merkleLeafHash(canonicalBytes(record), sha256));
  });

  test('a batch sealed in one pass is the same as in two', () => {
    for (const count of [1, 2, 7]) {
      const batch = { start: 12, events: Array.from({ length: count }, (_, i) => event(`e${i}`)) };
      expect(sealBatch(batch, sha256)).toEqual({
        bytes: canonicalBytes(batch),
        record: batchRecordOf(batch, sha256),
      });
    }
  });
});

describe('the bitmap of permitted items', () => {
  const eventsOf = (decisions: readonly (readonly boolean[])[]): Pick<AccessEvent, 'items'>[] =>
    decisions.map((items) => ({
      items: items.map((permitted) => ({
        ...item(),
        decision: permitted ? 'permit' : 'deny',
        basis: { kind: 'default', version: 1 },
      })),
    }));

  test('goes there and back', () => {
    const decisions = fc.array(fc.array(fc.boolean(), { minLength: 1, maxLength: 9 }), { minLength: 1 });
    fc.assert(
      fc.property(decisions, (expected) => {
        expect(
          decodePermitted(
            encodePermitted(eventsOf(expected)),
            expected.map((one) => one.length),
          ),
        ).toEqual(expected);
      }),
    );
  });

  test('has its first bit on the left', () => {
    expect(encodePermitted(eventsOf([[true], [false, true]]))).toBe(
      encodeBase64url(Uint8Array.of(0b10100000)),
    );
  });

  test.each<[string, string, number[]]>([
    ['too short', '', [1]],
    ['too long', 'AAA', [8]],
    ['with a spare bit', encodeBase64url(Uint8Array.of(0b00010000)), [3]],
    ['not base64url', '=', [1]],
  ])('%s does not fit', (_, text, counts) => {
    expect(thrown(() => decodePermitted(text, counts)).code).toBe('CORRUPT');
  });
});

describe('a lane', () => {
  test('is an MSP id and a gateway’s name', () => {
    expect(parseLane('NorthHospitalMSP/main-2')).toEqual({ mspId: 'NorthHospitalMSP', gateway: 'main-2' });
    expect(formatLane('NorthHospitalMSP', 'main-2')).toBe('NorthHospitalMSP/main-2');
  });

  test.each([
    '',
    'main',
    '/main',
    'North/',
    'North/Main',
    'North/a/b',
    'North /main',
    `North/${'a'.repeat(33)}`,
    'No\0rth/main',
    'North/main\n',
  ])('%j is none', (text) => {
    expect(thrown(() => parseLane(text)).code).toBe('INVALID_INPUT');
  });

  test('formats nothing that it would not parse', () => {
    expect(thrown(() => formatLane('a/b', 'main')).code).toBe('INVALID_INPUT');
  });

  test('counts in decimal', () => {
    expect(parseSeq('0')).toBe(0);
    expect(parseSeq(String(MAX_SEQ))).toBe(MAX_SEQ);
    for (const text of ['', '-1', '01', '1e3', '0x10', ' 1', '1.0', String(MAX_SEQ + 1), '１']) {
      expect(thrown(() => parseSeq(text)).code).toBe('INVALID_INPUT');
    }
  });
});

describe('a subject’s pseudonym', () => {
  const hmac: HmacSha256 = (key, data) => new Uint8Array(createHmac('sha256', key).update(data).digest());
  const key = new Uint8Array(32).fill(7);
  const ssn = 'http://hl7.org/fhir/sid/us-ssn';

  test('is HMAC-SHA-256(key, system|value)', () => {
    const expected = createHmac('sha256', key).update(`${ssn}|999-12-3456`).digest('base64url');
    expect(subjectPseudonym(hmac, key, ssn, '999-12-3456')).toBe(expected);
    expect(expected).toHaveLength(43);
  });

  test('differs with the key, the system and the value', () => {
    const all = [
      subjectPseudonym(hmac, key, ssn, '1'),
      subjectPseudonym(hmac, key, ssn, '2'),
      subjectPseudonym(hmac, key, 'urn:other', '1'),
      subjectPseudonym(hmac, new Uint8Array(32).fill(8), ssn, '1'),
    ];
    expect(new Set(all).size).toBe(4);
  });

  test.each([
    ['', '1'],
    [ssn, ''],
    ['urn:a|b', 'c'],
    [ssn, 'line\nbreak'],
    [ssn, '\ud800'],
    [ssn, 'x'.repeat(1025)],
  ])('refuses %j and %j', (system, value) => {
    expect(thrown(() => subjectPseudonym(hmac, key, system, value)).code).toBe('INVALID_INPUT');
  });

  test('refuses a short key', () => {
    expect(() => subjectPseudonym(hmac, key.slice(1), ssn, '1')).toThrow(RangeError);
  });
});

describe('an error that crossed the ledger', () => {
  const own = new DomainError('VERSION_CONFLICT', 'the current version is 3|not 2');

  test.each([
    '',
    'chaincode response 500, ',
    'evaluate call to endorser returned error: chaincode response 500, ',
  ])('is read after %j', (prefix) => {
    expect(parseDomainError(prefix + own.message)).toEqual(own);
  });

  test.each([
    '',
    'VERSION_CONFLICT',
    'NO_SUCH_CODE|x',
    'version_conflict|x',
    'oops VERSION_CONFLICT|x',
    'chaincode response 500, Expected 2 parameters, but 1 have been supplied',
    'constructor|x',
  ])('%j is none of the domain’s', (message) => {
    expect(parseDomainError(message)).toBeUndefined();
  });
});
