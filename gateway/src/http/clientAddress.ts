// SPDX-License-Identifier: Apache-2.0
import { isIPv6 } from 'node:net';

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
/** Groups of 16 bits in a /64: what one connection of one household or server is given. */
const NETWORK_GROUPS = 4;

/**
 * What requests of one source are counted under: an IPv4 address, or the /64 of an IPv6 address, since a
 * party with one address of it has 2^64 (RFC 4291 §2.5.4). An IPv4 address in IPv6 clothes is the IPv4
 * address. Text that is no address is its own source.
 */
export function sourceOf(address: string | undefined): string {
  if (address === undefined) {
    return '';
  }
  const mapped = MAPPED.exec(address)?.[1];
  if (mapped !== undefined) {
    return mapped;
  }
  const [bare = ''] = address.split('%', 1);
  return isIPv6(bare) ? `${groupsOf(bare).slice(0, NETWORK_GROUPS).join(':')}::/64` : address;
}

/** The eight groups, without leading zeros, `::` written out. */
function groupsOf(address: string): readonly string[] {
  const [head = '', tail] = address.toLowerCase().split('::', 2);
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  // A dotted end stands for two groups; it never lies in the first half unless `::` puts it there, where
  // zeros are counted.
  const dotted = (after.at(-1) ?? before.at(-1) ?? '').includes('.') ? 1 : 0;
  const missing = tail === undefined ? 0 : 8 - before.length - after.length - dotted;
  return [...before, ...Array.from({ length: missing }, () => '0'), ...after].map((group) =>
    group.replace(/^0+(?=.)/, ''),
  );
}
