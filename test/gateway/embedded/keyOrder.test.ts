// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { compareKeys } from '../../../gateway/src/embedded/protocol/keyOrder';

test('keys are ordered as their UTF-8 bytes are', () => {
  const key = fc.string({ unit: 'binary' });
  fc.assert(
    fc.property(
      key,
      key,
      (a, b) => Math.sign(compareKeys(a, b)) === Buffer.compare(Buffer.from(a), Buffer.from(b)),
    ),
  );
});

test('a key beyond the basic plane comes after one of its last characters', () => {
  expect(compareKeys('\u{1f600}', '\uffff')).toBeGreaterThan(0);
  expect(compareKeys('\uffff', '\u{1f600}')).toBeLessThan(0);
});
