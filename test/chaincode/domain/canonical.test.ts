// SPDX-License-Identifier: Apache-2.0
import * as fc from 'fast-check';
import {
  canonicalBytes,
  canonicalJson,
  decodeBase64url,
  encodeBase64url,
} from '@chartwitness/chaincode/domain';
import { thrown } from '../support/thrown';

/** The same value with every object's keys in reverse order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(reversed);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, one]) => [key, reversed(one)]),
  );
}
const wellFormedJson = fc
  .jsonValue({ maxDepth: 4 })
  .filter((value) => !/\\ud[89a-f]/i.test(JSON.stringify(value)));

describe('canonicalJson', () => {
  test.each<[string, unknown, string]>([
    [
      'keys by UTF-16 code unit (RFC 8785 §3.2.3)',
      { ﬀ: 1, '😀': 2, b: 3, a: 4, '\r': 5 },
      '{"\\r":5,"a":4,"b":3,"😀":2,"ﬀ":1}',
    ],
    [
      'numbers as ECMAScript prints them',
      [1e21, 0.000001, 1e-7, 333333333.3333333, -0, 4.5],
      '[1e+21,0.000001,1e-7,333333333.3333333,0,4.5]',
    ],
    [
      'control characters escaped, the rest not',
      '\u0000\b\t\n\f\r"\\/\u007f é',
      '"\\u0000\\b\\t\\n\\f\\r\\"\\\\/\u007f é"',
    ],
    ['a surrogate pair', '😀', '"😀"'],
    ['text that only looks like an escape', '\\ud800', '"\\\\ud800"'],
    ['literals', [null, true, false], '[null,true,false]'],
    ['nothing', {}, '{}'],
    ['a key __proto__ like any other', JSON.parse('{"__proto__":1}'), '{"__proto__":1}'],
    ['an object without a prototype', Object.assign(Object.create(null) as object, { a: 1 }), '{"a":1}'],
  ])('writes %s', (_, value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  const sparse: unknown[] = [];
  sparse[1] = 1;
  test.each<[string, unknown]>([
    ['undefined', undefined],
    ['undefined in an object', { a: undefined }],
    ['undefined in a list', [undefined]],
    ['a hole in a list', sparse],
    ['NaN', { a: NaN }],
    ['infinity', -Infinity],
    ['a lone high surrogate', { a: '\ud800' }],
    ['a lone low surrogate', 'a\udc00b'],
    ['a lone surrogate in a key', { '\ud800': 1 }],
    ['a function', { a: () => 1 }],
    ['a symbol', Symbol('a')],
    ['a bigint', 1n],
    ['a date', new Date(0)],
    ['a map', new Map()],
    ['bytes', new Uint8Array(1)],
    [
      'an object that would write itself',
      new (class {
        toJSON = (): string => 'x';
      })(),
    ],
  ])('refuses %s', (_, value) => {
    expect(thrown(() => canonicalJson(value)).code).toBe('INVALID_INPUT');
  });

  test('refuses what never ends', () => {
    const loop: Record<string, unknown> = {};
    loop['self'] = loop;
    expect(() => canonicalJson(loop)).toThrow(/^INVALID_INPUT\|.*64 levels/);
  });

  test('gives the same bytes in whatever order keys come', () => {
    fc.assert(
      fc.property(wellFormedJson, (value) => {
        expect(canonicalBytes(reversed(value))).toEqual(canonicalBytes(value));
      }),
    );
  });

  test('writes what JSON reads back unchanged', () => {
    fc.assert(
      fc.property(wellFormedJson, (value) => {
        const text = canonicalJson(value);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
        expect(JSON.stringify(JSON.parse(text))).toHaveLength(JSON.stringify(value).length);
      }),
    );
  });

  test('gives different values different bytes', () => {
    fc.assert(
      fc.property(wellFormedJson, wellFormedJson, (a, b) => {
        const isSame = JSON.stringify(reversed(reversed(a))) === JSON.stringify(b);
        fc.pre(!isSame);
        const [x, y] = [canonicalJson(a), canonicalJson(b)];
        if (x === y) {
          expect(JSON.parse(x)).toEqual(JSON.parse(JSON.stringify(b)));
        }
      }),
    );
  });
});

describe('base64url', () => {
  test('agrees with the platform’s and reads its own text', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const text = encodeBase64url(bytes);
        expect(text).toBe(Buffer.from(bytes).toString('base64url'));
        expect(decodeBase64url(text)).toEqual(bytes);
      }),
    );
  });

  test.each([
    ['padding', 'QQ=='],
    ['standard letters', '+/+/'],
    ['an impossible length', 'QQQQQ'],
    ['spare bits that are not 0', 'QR'],
    ['white space', 'QU FB'],
    ['a letter beyond ASCII', 'QUFé'],
  ])('refuses %s', (_, text) => {
    expect(thrown(() => decodeBase64url(text)).code).toBe('INVALID_INPUT');
  });
});
