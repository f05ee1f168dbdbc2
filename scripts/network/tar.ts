// SPDX-License-Identifier: Apache-2.0
import { gzipSync } from 'node:zlib';

const BLOCK = 512;

/**
 * A gzipped tar archive whose bytes depend on names and contents alone (no times, no owners), so that the
 * same chaincode always gives the same package id.
 * @param files names of at most 100 bytes
 */
export function tarGzip(files: { name: string; content: Buffer }[]) {
  const parts = files.flatMap(({ name, content }) => [
    header(name, content.length),
    content,
    Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK),
  ]);
  return gzipSync(Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]), { level: 9 });
}

/** A `ustar` header (POSIX.1-1988). */
function header(name: string, size: number) {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, width: number) => value.toString(8).padStart(width - 1, '0') + '\0';
  block.write(name, 0, 100);
  block.write(octal(0o600, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(size, 12), 124);
  block.write(octal(0, 12), 136);
  block.write('        ', 148); // the checksum counts as spaces while it is computed
  block.write('0', 156);
  block.write('ustar\0' + '00', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(sum.toString(8).padStart(6, '0') + '\0 ', 148);
  return block;
}
