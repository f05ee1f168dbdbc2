// SPDX-License-Identifier: Apache-2.0
import { isolatedName, safeName, shortName } from '../../web/src/lib/safeName';

describe('a name from outside', () => {
  it.each([
    ['overrides direction', 'Dr \u202Eevil\u202C live', 'Dr evil live'],
    ['isolates', 'a\u2066b\u2069c', 'a b c'],
    ['marks', 'x\u200F\u200Ey', 'x y'],
    ['zero width', 'Dr\u200BMüller\uFEFF', 'Dr Müller'],
    ['controls', 'a\u0000b\u001b[31mc\u0085d', 'a b [31mc d'],
    ['lines', 'one\ntwo\u2028three', 'one two three'],
    ['tags', 'a\u{E0041}b', 'a b'],
    ['nothing', '\u200B ', '—'],
  ])('loses what disguises it: %s', (_what, name, shown) => {
    expect(safeName(name)).toBe(shown);
  });

  it.each(['محمد علي', '王小明', 'Zoë Núñez', '👩🏽‍⚕️ Dr Emoji', '<script>alert(1)</script>', "O'Brien & Søn"])(
    'keeps %s as it is',
    (name) => {
      expect(safeName(name)).toBe(name);
    },
  );

  it('is cut in lists between whole characters', () => {
    const family = '👨‍👩‍👧‍👦';
    const short = shortName(family.repeat(100));
    expect(short).toBe(`${family.repeat(59)}…`);
    expect(shortName('Dr Ada Example')).toBe('Dr Ada Example');
    expect(shortName('x'.repeat(300))).toHaveLength(60);
  });

  it('is isolated in plain text', () => {
    expect(isolatedName('\u202Eabc')).toBe('\u2068abc\u2069');
  });
});
