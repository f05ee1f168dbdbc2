// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { parseStrictObject } from '../../../gateway/src/auth/strictJson';

test.each([
  '{}',
  '{"a":1}',
  '{"a":{"a":1},"b":[{"a":1},{"a":2}]}',
  ' {"a":"{\\"a\\":1,\\"a\\":2}"} ',
  '{"a":"x","b":"a"}',
  '{"":1}',
])('%s is taken', (text) => {
  expect(parseStrictObject(text)).toEqual(JSON.parse(text));
});

test.each([
  '{"a":1,"a":1}',
  '{"a":1,"\\u0061":2}',
  '{"b":{"a":1,"a":2}}',
  '{"b":[{"a":1 ,"a" :2}]}',
  '{"":1,"":2}',
  '{"\\"":1,"\\u0022":2}',
])('%s repeats a name', (text) => {
  expect(() => parseStrictObject(text)).toThrow(SyntaxError);
});

test.each(['[]', 'null', '1', '"a"', '', '{', '{"a":1}x', '{a:1}'])('%s is no JSON object', (text) => {
  expect(() => parseStrictObject(text)).toThrow(SyntaxError);
});

test('any object without repeated names is read as it is, and refused once a name is repeated', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1, noNullPrototype: true }),
      (object) => {
        const text = JSON.stringify(object);
        expect(parseStrictObject(text)).toEqual(JSON.parse(text));
        const [name = ''] = Object.keys(object);
        expect(() => parseStrictObject(text.replace(/^\{/, () => `{${JSON.stringify(name)}:0,`))).toThrow(
          SyntaxError,
        );
      },
    ),
  );
});
