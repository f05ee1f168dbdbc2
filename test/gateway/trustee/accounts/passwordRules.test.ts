// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { passwordProblem } from '../../../../gateway/src/trustee/accounts/passwordRules';

const ZOE = { username: 'zoehoeger', name: 'Zoë Hoeger', identifier: { value: '999-61-3984' } };
const problem = (password: string): string | undefined => passwordProblem(password, ZOE);

it.each([
  ['of eleven characters', 'x8#kq2!vb0z', '12–256'],
  ['of twelve bytes and four characters', '密码密码', '12–256'],
  ['of 257 characters', 'x8#kq2!vb0zp'.repeat(22), '12–256'],
  ['on the list', '1q2w3e4r5t6y', 'many people use'],
  ['on the list, in capitals', 'QWERTY123456', 'many people use'],
  ['on the list, in full width', 'ｑｗｅｒｔｙ１２３４５６', 'many people use'],
  ['that is a common word with a year', 'baseball2024!', 'many people use'],
  ['that is a common word between signs', '!!!!superman!!!!', 'many people use'],
  ['of one piece', 'abcabcabcabcabc', 'repeated'],
  ['of one character', '             ', 'repeated'],
  ['in a row', 'abcdefghijklmnop', 'in a row'],
  ['in a row, backwards', 'zyxwvutsrqponm', 'in a row'],
  ['of her names', 'Zoe-Hoeger-1980', 'must not be made of'],
  ['of her number', '999-61-3984-zoe', 'must not be made of'],
  ['of the service', 'MyChartwitness1', 'must not be made of'],
])('a password %s is refused', (_what, password, why) => {
  expect(problem(password)).toContain(why);
});

it.each([
  'correct horse battery',
  'alice likes tea',
  'Zoë likes strong tea',
  '我每天早上都要喝一杯很浓的茶',
  'u3Xk-9_qLw0Z',
  '     spaces count     too',
])('twin: %s may be used', (password) => {
  expect(problem(password)).toBeUndefined();
});

it('random text of twelve letters and digits may be used', () => {
  const character = fc.constantFrom(
    ...Array.from('abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'),
  );
  fc.assert(
    fc.property(fc.array(character, { minLength: 14, maxLength: 60 }), (characters) => {
      // Seven different characters are no pattern, and no name.
      fc.pre(new Set(characters.map((one) => one.toLowerCase())).size >= 9);
      expect(problem(characters.join(''))).toBeUndefined();
    }),
    { numRuns: 300 },
  );
});
