// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import {
  createIdentifierTable,
  IDENTIFIER_FORMS,
  type IdentifierForm,
  normaliseNumber,
} from '@chartwitness/chaincode/domain';

const YEAR = 2026;
const normalised = (form: IdentifierForm, value: string): readonly [string, boolean] => {
  const { value: text, isWellFormed } = normaliseNumber(form, value, YEAR);
  return [text, isWellFormed];
};

/**
 * Published examples: NHS Data Dictionary, GB 11643-1999, the Swiss central compensation office, eHealth
 * Suisse, Skatteetaten, Skatteverket.
 */
const SPELLINGS: readonly (readonly [IdentifierForm, string, readonly string[]])[] = [
  [
    'us-ssn',
    '999613984',
    [
      '999-61-3984',
      ' 999 61 3984 ',
      '９９９613984',
      '٩٩٩٦١٣٩٨٤',
      '999\t61\t3984',
      '999_61_3984',
      '+999613984',
      '999\u201161\u20113984',
      '999613984\u200b',
    ],
  ],
  ['nhs-number', '9434765919', ['943 476 5919', '943-476-5919']],
  [
    'cn-resident-id',
    '11010519491231002X',
    ['11010519491231002x', '110105 19491231 002X', '１１０１０５19491231002Ｘ', '110105491231002'],
  ],
  ['cn-resident-id', '110105184912319965', ['110105491231996']],
  ['ch-ahv', '7569217076985', ['756.9217.0769.85', '756 9217 0769 85', "756'9217'0769'85"]],
  ['ch-epr-spid', '761337610411353650', ['7613 3761 0411 3536 50']],
  ['no-fodselsnummer', '13097248022', ['130972 48022', '130972-48022']],
  ['se-personnummer', '198112189876', ['811218-9876', '8112189876', '19811218-9876', '19811218 9876']],
  ['se-personnummer', '191212121212', ['121212+1212', '19121212-1212']],
  ['se-personnummer', '201212121212', ['121212-1212', '20121212-1212']],
  ['text', 'A 12-b', ['  A  12-b ', 'A\u00a012-b', 'A 12\u200d-b', 'A\t12-b', 'A\r\n12-b', 'A १२-b']],
];

test.each(SPELLINGS)('%s: every spelling of %s is one', (form, value, spellings) => {
  for (const spelling of [value, ...spellings]) {
    expect(normalised(form, spelling)).toEqual([value, true]);
  }
});

test.each<[IdentifierForm, string]>([
  ['us-ssn', '99961398'],
  ['us-ssn', '000613984'],
  ['us-ssn', '999610000'],
  ['nhs-number', '9434765918'],
  ['nhs-number', '94347659191'],
  ['cn-resident-id', '110105194912310021'],
  ['ch-ahv', '7569217076986'],
  ['ch-ahv', '7559217076985'],
  ['ch-epr-spid', '761337610411353651'],
  ['no-fodselsnummer', '13097248023'],
  ['se-personnummer', '811218-9877'],
  ['se-personnummer', '18-9876'],
  ['se-personnummer', '008112189876'],
])('%s: %s has no published form, but stays somebody’s', (form, value) => {
  const { value: text, isWellFormed } = normaliseNumber(form, value, YEAR);
  expect(isWellFormed).toBe(false);
  expect(text).not.toBe('');
});

test('a Swedish number without its century is of the birth date’s, and stays so when its person turns a hundred', () => {
  const at = (value: string, year: number, birthDate?: string): string =>
    normaliseNumber('se-personnummer', value, year, birthDate).value;
  expect(at('270615-1236', 2026)).toBe('192706151236');
  expect(at('270615-1236', 2027)).toBe('202706151236');
  expect(at('270615+1236', 2027)).toBe('192706151236');
  for (const year of [2026, 2027, 2099]) {
    for (const birthDate of ['1927-06-15', '1927', '1927-06']) {
      expect(at('270615-1236', year, birthDate)).toBe('192706151236');
      expect(at('2706151236', year, birthDate)).toBe('192706151236');
    }
    // What the number says itself, and a birth date of another year, change nothing.
    expect(at('20270615-1236', year, '1927-06-15')).toBe('202706151236');
    expect(at('270615-1236', year, '1928-06-15')).toBe(at('270615-1236', year));
    expect(at('270615-1236', year, '19271-06')).toBe(at('270615-1236', year));
  }
  expect(at('19811218-98a6', 2026)).toBe(at('19811218 98A6', 2026));
});

test('what has one wrong digit is never well-formed, where the form has check digits', () => {
  for (const [form, value] of SPELLINGS) {
    if (form === 'us-ssn' || form === 'text') {
      continue;
    }
    // A Swedish number's century is not covered by its check digit; of the Norwegian first check digit
    // several are allowed.
    const from = form === 'se-personnummer' ? 2 : 0;
    for (let i = from; i < value.length; i++) {
      for (const digit of '0123456789') {
        if (digit === value[i]) {
          continue;
        }
        const wrong = value.slice(0, i) + digit + value.slice(i + 1);
        expect([wrong, normaliseNumber(form, wrong, YEAR).isWellFormed]).toEqual([wrong, false]);
      }
    }
  }
});

test('a spelling is stable, and blanks, unseen characters and wide digits never make another person', () => {
  const noise = fc.constantFrom(
    '',
    ' ',
    '\u00a0',
    '\u200b',
    '\u2060',
    '\ufeff',
    '\u00ad',
    '\u202e',
    '\u3000',
  );
  const digits = fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.boolean(), noise), {
    minLength: 1,
    maxLength: 20,
  });
  fc.assert(
    fc.property(fc.constantFrom(...IDENTIFIER_FORMS), digits, (form, parts) => {
      const plain = parts.map(([digit]) => String(digit)).join('');
      const unseen = (text: string): string =>
        form === 'text' ? text.replace(/[ \u00a0\u3000]/g, '') : text;
      const noisy = parts
        .map(([digit, isWide, text]) => String.fromCodePoint((isWide ? 0xff10 : 0x30) + digit) + unseen(text))
        .join('');
      const once = normaliseNumber(form, plain, YEAR).value;
      expect(normaliseNumber(form, noisy, YEAR).value).toBe(once);
      expect(normaliseNumber(form, once, YEAR).value).toBe(once);
    }),
  );
});

describe('a table', () => {
  const table = createIdentifierTable(
    [
      {
        system: 'http://hl7.org/fhir/sid/us-ssn',
        aliases: ['urn:oid:2.16.840.1.113883.4.1'],
        form: 'us-ssn',
      },
      { system: 'urn:local', aliases: [], form: 'text' },
    ],
    () => YEAR,
  );

  test('knows a system by its aliases, whatever case and slashes', () => {
    const one = {
      system: 'http://hl7.org/fhir/sid/us-ssn',
      value: '999613984',
      isWellFormed: true,
      order: 0,
    };
    for (const system of [
      'http://hl7.org/fhir/sid/us-ssn',
      'HTTP://HL7.org/fhir/sid/us-ssn/',
      ' urn:oid:2.16.840.1.113883.4.1',
      'URN:OID:2.16.840.1.113883.4.1',
      'https://hl7.org/fhir/sid/us-ssn',
      'http://hl7.org/fhir/sid/us-ssn\u200b',
      '2.16.840.1.113883.4.1',
      'oid:2.16.840.1.113883.4.1',
    ]) {
      expect(table.normalise({ system, value: '999-61-3984' })).toEqual(one);
    }
    expect(table.normalise({ system: 'urn:local', value: ' x ' })?.order).toBe(1);
    expect(table.systemOf('2.16.840.1.113883.4.1')?.form).toBe('us-ssn');
    expect(table.systemOf('2.16.840.1.113883.4.10')).toBeUndefined();
  });

  test('names nobody by a system that it does not have, or by nothing', () => {
    expect(table.normalise({ system: 'urn:other', value: '999613984' })).toBeUndefined();
    expect(table.normalise({ system: 'urn:local', value: ' \u200b ' })).toBeUndefined();
    expect(table.normalise({ system: 'http://hl7.org/fhir/sid/us-ssn', value: ' - ' })).toBeUndefined();
  });
});
