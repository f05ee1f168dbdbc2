// SPDX-License-Identifier: Apache-2.0
import {
  createSourceMemory,
  MIDDLE_BYTES,
  type RequestRoom,
  SMALL_BYTES,
} from '../../../gateway/src/hospital/sourceMemory';

const MIB = 1024 * 1024;
const LARGE = 32 * MIB;
/** Three large places, the last of them for emergencies. */
const memory = (): ReturnType<typeof createSourceMemory> =>
  createSourceMemory({ totalBytes: 160 * MIB, answerBytes: LARGE });
const never = new AbortController().signal;

/** Whether it has been settled after all that can happen now has happened. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void promise.then(
    () => (settled = true),
    () => (settled = true),
  );
  await new Promise((resolve) => setImmediate(resolve));
  return settled;
}

async function holdAll(rooms: readonly RequestRoom[]): Promise<void> {
  for (const room of rooms) {
    await room.reserve(LARGE);
  }
}

test('small answers need no place', () => {
  const all = memory();
  for (let number = 0; number < 1000; number += 1) {
    expect(all.open('a', false, never).reserve(SMALL_BYTES)).toBeUndefined();
  }
});

test('large answers take turns; what is given back goes to who waits', async () => {
  const all = memory();
  const rooms = ['a', 'b', 'c'].map((client) => all.open(client, false, never));
  await rooms[0]?.reserve(LARGE);
  await rooms[1]?.reserve(LARGE);
  const third = rooms[2]?.reserve(LARGE) ?? Promise.resolve();
  expect(await isSettled(third)).toBe(false);
  rooms[0]?.close();
  rooms[0]?.close();
  expect(await isSettled(third)).toBe(true);
  const fourth = all.open('d', false, never).reserve(LARGE) ?? Promise.resolve();
  expect(await isSettled(fourth)).toBe(false);
});

test('an emergency takes the last place, and the next free one before everybody', async () => {
  const all = memory();
  const held = ['a', 'b'].map((client) => all.open(client, false, never));
  await holdAll(held);
  const ordinary = all.open('c', false, never).reserve(LARGE) ?? Promise.resolve();
  await all.open('d', true, never).reserve(LARGE);
  const emergency = all.open('e', true, never).reserve(LARGE) ?? Promise.resolve();
  expect([await isSettled(ordinary), await isSettled(emergency)]).toEqual([false, false]);
  held[0]?.close();
  expect([await isSettled(ordinary), await isSettled(emergency)]).toEqual([false, true]);
});

test('the client that holds fewest comes next', async () => {
  const all = createSourceMemory({ totalBytes: 320 * MIB, answerBytes: LARGE });
  const held = ['a', 'a', 'b', 'c', 'd'].map((client) => all.open(client, false, never));
  await holdAll(held);
  const greedy = all.open('a', false, never).reserve(LARGE) ?? Promise.resolve();
  const modest = all.open('e', false, never).reserve(LARGE) ?? Promise.resolve();
  held[4]?.close();
  expect([await isSettled(greedy), await isSettled(modest)]).toEqual([false, true]);
});

test('a place of the middle size is given back for a large one, and one request holds one', async () => {
  const all = memory();
  const rooms = Array.from({ length: 40 }, (_value, number) => all.open(String(number), false, never));
  for (const room of rooms) {
    const waiting = room.reserve(MIDDLE_BYTES);
    if (waiting !== undefined && (await isSettled(waiting))) {
      expect(room.reserve(MIDDLE_BYTES)).toBeUndefined();
    }
    const large = room.reserve(LARGE);
    if (large !== undefined && (await isSettled(large))) {
      expect(room.reserve(LARGE)).toBeUndefined();
      room.close();
    }
  }
  // All places are free again for those who come later.
  for (const room of rooms) {
    room.close();
  }
  const later = all.open('x', false, never);
  await later.reserve(LARGE);
});

test('who waits beyond the deadline is told to come again, and leaves the place to others', async () => {
  const all = memory();
  const held = ['a', 'b'].map((client) => all.open(client, false, never));
  await holdAll(held);
  const deadline = new AbortController();
  const waiting = all.open('c', false, deadline.signal).reserve(LARGE) ?? Promise.resolve();
  const refused = expect(waiting).rejects.toMatchObject({ code: 'OVERLOADED', retryAfterSeconds: 5 });
  deadline.abort();
  await refused;
  held[0]?.close();
  await all.open('d', false, never).reserve(LARGE);
});

test('answers of one request that ask at the same time share its one place', async () => {
  const all = createSourceMemory({ totalBytes: 160 * MIB, answerBytes: LARGE });
  const other = all.open('a', false, never);
  await other.reserve(LARGE);
  const room = all.open('a', false, never);
  const waiting = [MIDDLE_BYTES, LARGE, MIDDLE_BYTES, LARGE].map((bytes) => room.reserve(bytes));
  other.close();
  for (const one of waiting) {
    expect(await isSettled(one ?? Promise.resolve())).toBe(true);
  }
  expect(room.reserve(LARGE)).toBeUndefined();
  room.close();
  // It holds none any more: the next two each find one.
  await all.open('a', false, never).reserve(LARGE);
  await all.open('b', false, never).reserve(LARGE);
});
