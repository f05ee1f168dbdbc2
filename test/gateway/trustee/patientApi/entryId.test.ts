// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { formatEntryId, parseEntryId } from '../../../../gateway/src/trustee/patientApi/entryId';

const letters = (alphabet: string, max: number): fc.Arbitrary<string> =>
  fc
    .array(fc.nat(alphabet.length - 1), { minLength: 1, maxLength: max })
    .map((places) => places.map((place) => alphabet.charAt(place)).join(''));
const UPPER = 'ABCXYZ';
const LOWER = 'abcxyz0189';
const address = fc.record({
  lane: fc
    .tuple(letters(UPPER, 1), letters(`${UPPER}${LOWER}._-`, 127), letters(`${LOWER}-`, 32))
    .map(([first, rest, gateway]) => `${first}${rest}/${gateway}`),
  number: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
});

test('an address has one id, which needs no escape in a URL', () => {
  fc.assert(
    fc.property(address, (given) => {
      const id = formatEntryId(given);
      expect(parseEntryId(id)).toEqual(given);
      expect(encodeURIComponent(id)).toBe(id);
    }),
  );
});

test('whatever is read as an id is spelled in the one way', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[A-Za-z0-9._-]+~[a-z0-9-]+~\d+$/)), (text) => {
      const read = parseEntryId(text);
      expect(read === undefined || formatEntryId(read) === text).toBe(true);
    }),
  );
});

test.each([
  '',
  'A'.repeat(22),
  'NorthHospitalMSP/main~0',
  'NorthHospitalMSP~main',
  'NorthHospitalMSP~main~',
  'NorthHospitalMSP~main~00',
  'NorthHospitalMSP~main~01',
  'NorthHospitalMSP~main~-1',
  'NorthHospitalMSP~main~1e3',
  'NorthHospitalMSP~main~9007199254740993',
  'NorthHospitalMSP~Main~0',
  'NorthHospitalMSP~main~0~0',
  'NorthHospitalMSP~main~0\n',
  '~main~0',
  `${'N'.repeat(200)}~main~0`,
])('%j is no id', (text) => {
  expect(parseEntryId(text)).toBeUndefined();
});
