// SPDX-License-Identifier: Apache-2.0
import { readAhead } from '../../../gateway/src/projection/readAhead';

/** Lets everything that is ready run. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) {
    await Promise.resolve();
  }
}

async function* counting(end: number, failure?: Error): AsyncGenerator<number, void, undefined> {
  for (let at = 0; at < end; at += 1) {
    await Promise.resolve();
    yield at;
  }
  if (failure !== undefined) {
    throw failure;
  }
}

describe('reading ahead', () => {
  it('hands out everything in order, whatever finishes first', async () => {
    const seen: number[] = [];
    const slow = (item: number): Promise<number> =>
      item % 2 === 0 ? settle().then(() => item * 10) : Promise.resolve(item * 10);
    for await (const group of readAhead(counting(9), slow, 3)) {
      for (const { item, result } of group) {
        expect(await result).toBe(item * 10);
        seen.push(item);
      }
    }
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('begins at most as many as its window before they are taken', async () => {
    let begun = 0;
    const groups = readAhead(
      counting(100),
      (item) => {
        begun += 1;
        return Promise.resolve(item);
      },
      5,
    );
    const first = await groups.next();
    expect(first.done).toBe(false);
    await settle();
    expect(begun).toBeLessThanOrEqual(5 + (first.value?.length ?? 0));
    await groups.return();
  });

  it('gives what came before a failure of the source first', async () => {
    const seen: number[] = [];
    const read = async (): Promise<void> => {
      for await (const group of readAhead(
        counting(4, new Error('broken')),
        (item) => Promise.resolve(item),
        2,
      )) {
        seen.push(...group.map(({ item }) => item));
      }
    };
    await expect(read()).rejects.toThrow('broken');
    expect(seen).toEqual([0, 1, 2, 3]);
  });

  it('leaves a failed work to who awaits it', async () => {
    const groups = readAhead(counting(1), () => Promise.reject(new Error('no data')), 2);
    const { value } = await groups.next();
    await settle();
    await expect(value?.[0]?.result).rejects.toThrow('no data');
    expect((await groups.next()).done).toBe(true);
  });
});
