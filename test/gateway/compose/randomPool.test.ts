// SPDX-License-Identifier: Apache-2.0
import { createRandomPool } from '../../../gateway/src/compose/randomPool';

/** Fills with 1, 2, 3, …, going on where the last fill ended. */
function counting() {
  const state = { fills: 0, next: 0 };
  const fill = (pool: Uint8Array): void => {
    state.fills += 1;
    for (let i = 0; i < pool.length; i += 1) {
      state.next = (state.next % 251) + 1;
      pool[i] = state.next;
    }
  };
  return { state, fill };
}

test('hands every byte of a fill out once, and fills again when it would not do', () => {
  const { state, fill } = counting();
  const random = createRandomPool(fill);
  expect([...random(3)]).toEqual([1, 2, 3]);
  expect([...random(2)]).toEqual([4, 5]);
  expect(state.fills).toBe(1);
  expect(random(8 * 1024 - 4)).toHaveLength(8 * 1024 - 4);
  expect(state.fills).toBe(2);
});

test('a value does not change with what is handed out later, and the pool keeps no copy', () => {
  const pools: Uint8Array[] = [];
  const { fill } = counting();
  const random = createRandomPool((pool) => {
    pools.push(pool);
    fill(pool);
  });
  const first = random(16);
  const copy = [...first];
  random(8 * 1024 - 16);
  random(16);
  expect([...first]).toEqual(copy);
  expect([...(pools[0]?.subarray(0, 16) ?? [])]).toEqual(new Array(16).fill(0));
});

test('values of the platform’s generator are all different', () => {
  const random = createRandomPool();
  const values = Array.from({ length: 5_000 }, () => Buffer.from(random(16)).toString('hex'));
  expect(new Set(values).size).toBe(values.length);
});

test('refuses more than a pool holds', () => {
  expect(() => createRandomPool()(8 * 1024 + 1)).toThrow(RangeError);
});
