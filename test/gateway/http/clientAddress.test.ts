// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { sourceOf } from '../../../gateway/src/http/clientAddress';

it.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::FFFF:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8::1', '2001:db8:0:0::/64'],
  ['2001:0db8:0001:0002::', '2001:db8:1:2::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
  ['1:2:3:4:5:6:192.0.2.1', '1:2:3:4::/64'],
  ['not an address', 'not an address'],
])('%s is counted under %s', (address, expected) => {
  expect(sourceOf(address)).toBe(expected);
});

it('no address is one source', () => {
  expect(sourceOf(undefined)).toBe('');
});

it('two addresses are one source exactly when their first 64 bits are equal, however they are written', () => {
  const group = fc.oneof(fc.constant(0), fc.nat(0xffff));
  const text = (groups: readonly number[]): string => groups.map((one) => one.toString(16)).join(':');
  const short = (groups: readonly number[]): string =>
    new URL(`http://[${text(groups)}]`).hostname.slice(1, -1);
  fc.assert(
    fc.property(
      fc.array(group, { minLength: 8, maxLength: 8 }),
      fc.array(group, { minLength: 8, maxLength: 8 }),
      (one, other) => {
        // An IPv4-mapped address is counted as IPv4.
        fc.pre(![one, other].some((groups) => groups.slice(0, 5).every((value) => value === 0)));
        expect(sourceOf(short(one))).toBe(sourceOf(text(one)));
        const isSame = text(one.slice(0, 4)) === text(other.slice(0, 4));
        expect(sourceOf(text(one)) === sourceOf(short(other))).toBe(isSame);
      },
    ),
  );
});
