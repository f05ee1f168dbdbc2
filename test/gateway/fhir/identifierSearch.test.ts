// SPDX-License-Identifier: Apache-2.0
import { IDENTIFIER_FORMS, type IdentifierSystem } from '@chartwitness/chaincode/domain';
import { hasIdentifier, widened } from '../../../gateway/src/fhir/identifierSearch';
import { parseSearch } from '../../../gateway/src/fhir/searchRequest';
import { identifierTable } from '../../../gateway/src/subjects/networkTable';

const systems: readonly IdentifierSystem[] = IDENTIFIER_FORMS.map((form) => ({
  system: `urn:${form}`,
  aliases: [`urn:alias:${form}`],
  form,
}));
const table = identifierTable(systems, () => Date.UTC(2026, 0, 1));
const search = (identifier: string) =>
  parseSearch(
    'Patient',
    new URLSearchParams({ identifier, gender: 'female' }),
    'https://gateway.example/fhir',
  );
const asked = (identifier: string): readonly string[] =>
  (widened(search(identifier), table).get('identifier') ?? '').split(',');

test.each([
  ['urn:us-ssn', '999613984', '999-61-3984'],
  ['urn:us-ssn', '999 61 3984', '999-61-3984'],
  ['urn:nhs-number', '9434765919', '943 476 5919'],
  ['urn:cn-resident-id', '11010519491231002X', '11010519491231002x'],
  ['urn:cn-resident-id', '11010519491231002X', '110105491231002'],
  ['urn:ch-ahv', '7569217076985', '756.9217.0769.85'],
  ['urn:no-fodselsnummer', '13097248022', '130972 48022'],
  ['urn:se-personnummer', '198112189876', '811218-9876'],
  ['urn:se-personnummer', '811218-9876', '19811218-9876'],
  ['urn:se-personnummer', '121212+1212', '191212121212'],
])('a source is asked for %s %s also as %s, under all its URIs', (system, given, other) => {
  const alias = system.replace('urn:', 'urn:alias:');
  for (const uri of [system, alias]) {
    for (const value of [given, other]) {
      expect(asked(`${system}|${value}`)).toContain(`${uri}|${given === value ? given : other}`);
    }
    expect(asked(`${system}|${given}`)).toContain(`${uri}|${other}`);
  }
  expect(widened(search(`${system}|${given}`), table).get('gender')).toBe('female');
});

test('a system that is no matter of the network’s is asked for as given', () => {
  expect(asked('urn:mrn|12-3')).toEqual(['urn:mrn|12-3']);
  expect(asked('urn:text|-')).toEqual(['urn:text|-', 'urn:alias:text|-']);
});

test('what is asked for stays within bounds, and nothing in it means something else', () => {
  const many = identifierTable(
    [
      {
        system: 'urn:s',
        aliases: Array.from({ length: 20 }, (_, n) => `urn:a,b${String(n)}`),
        form: 'se-personnummer',
      },
    ],
    Date.now,
  );
  const list = widened(search('urn:s|198112189876'), many).get('identifier') ?? '';
  expect(list.split(',').every((token) => /^urn:s\|[\d+-]+$/.test(token))).toBe(true);
  const long = identifierTable(
    [
      {
        system: 'urn:s',
        aliases: Array.from({ length: 20 }, (_, n) => `urn:a${String(n)}`),
        form: 'se-personnummer',
      },
    ],
    Date.now,
  );
  expect((widened(search('urn:s|198112189876'), long).get('identifier') ?? '').split(',')).toHaveLength(40);
});

describe('of the answer', () => {
  const has = (own: Record<string, unknown>, wanted: string, more: Record<string, unknown> = {}): boolean => {
    const [system = '', value = ''] = wanted.split('|');
    return hasIdentifier(
      { resourceType: 'Patient', id: 'p', identifier: [own], ...more },
      { system, value },
      table,
    );
  };
  test.each<[Record<string, unknown>, string, boolean]>([
    [{ system: 'urn:us-ssn', value: '999-61-3984' }, 'urn:us-ssn|999613984', true],
    [{ system: 'urn:alias:us-ssn', value: '999613984' }, 'urn:us-ssn|999-61-3984', true],
    [{ system: 'urn:us-ssn', value: '999-61-3985' }, 'urn:us-ssn|999613984', false],
    [{ system: 'urn:us-ssn', value: '999613984', use: 'old' }, 'urn:us-ssn|999613984', false],
    [{ system: 'urn:text', value: '999613984' }, 'urn:us-ssn|999613984', false],
    [{ system: 'urn:mrn', value: ' 12' }, 'URN:mrn/|12', true],
    [{ system: 'urn:mrn', value: '12', use: 'old' }, 'urn:mrn|12', false],
    [{ system: 'urn:mrn', value: '1-2' }, 'urn:mrn|12', false],
    [{ value: '12' }, 'urn:mrn|12', false],
  ])('%j is what %s means: %s', (own, wanted, expected) => {
    expect(has(own, wanted)).toBe(expected);
  });

  test('a number without its century means whom the record’s birth date says', () => {
    const own = { system: 'urn:se-personnummer', value: '251212-1212' };
    expect(has(own, 'urn:se-personnummer|251212-1212', { birthDate: '1925-12-12' })).toBe(true);
    expect(has(own, 'urn:se-personnummer|192512121212', { birthDate: '1925-12-12' })).toBe(true);
    expect(has(own, 'urn:se-personnummer|202512121212', { birthDate: '1925-12-12' })).toBe(false);
  });
});
