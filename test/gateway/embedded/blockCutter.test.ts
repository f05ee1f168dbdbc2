// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { BlockCutter } from '../../../gateway/src/embedded/ordering/blockCutter';
import { Orderer } from '../../../gateway/src/embedded/ordering/orderer';

const message = (size: number): { size: number } => ({ size });
const sizes = (blocks: { size: number }[][]): number[][] =>
  blocks.map((block) => block.map(({ size }) => size));

describe('block cutting', () => {
  test('a full count closes the block', () => {
    const cutter = new BlockCutter({ maxMessageCount: 2, preferredMaxBytes: 100 });
    expect(sizes(cutter.add(message(1)))).toEqual([]);
    expect(sizes(cutter.add(message(2)))).toEqual([[1, 2]]);
    expect(cutter.hasPending).toBe(false);
  });

  test('a message that would overflow starts the next block', () => {
    const cutter = new BlockCutter({ maxMessageCount: 10, preferredMaxBytes: 100 });
    cutter.add(message(60));
    expect(sizes(cutter.add(message(41)))).toEqual([[60]]);
    expect(sizes([cutter.cut()])).toEqual([[41]]);
  });

  test('a message beyond the preferred size is alone, after what was pending', () => {
    const cutter = new BlockCutter({ maxMessageCount: 10, preferredMaxBytes: 100 });
    cutter.add(message(1));
    expect(sizes(cutter.add(message(101)))).toEqual([[1], [101]]);
  });

  test('payload and signature count, not the envelope around them', () => {
    const blocks: number[] = [];
    const limits = { maxMessageCount: 10, preferredMaxBytes: 100, absoluteMaxBytes: 200, batchTimeoutMs: 0 };
    const orderer = new Orderer(
      limits,
      (envelopes) => blocks.push(envelopes.length),
      () => undefined,
    );
    for (let i = 0; i < 2; i += 1) {
      orderer.submit(Buffer.alloc(56), 50);
    }
    orderer.flush();
    expect(blocks).toEqual([2]);
  });

  test('no message is lost, doubled or moved, and the limits hold', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 150 })), (all) => {
        const cutter = new BlockCutter({ maxMessageCount: 4, preferredMaxBytes: 100 });
        const blocks = sizes([...all.flatMap((size) => cutter.add(message(size))), cutter.cut()]);
        expect(blocks.flat()).toEqual(all);
        for (const block of blocks) {
          expect(block.length).toBeLessThanOrEqual(4);
          expect(block.length === 1 || block.reduce((sum, size) => sum + size, 0) <= 100).toBe(true);
        }
      }),
    );
  });
});
