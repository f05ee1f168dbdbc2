// SPDX-License-Identifier: Apache-2.0
import { NoRoom } from '../../../gateway/src/fhir/sources/upstream';
import {
  createSourceMemory,
  MIDDLE_BYTES,
  type RequestRoom,
  SMALL_BYTES,
} from '../../../gateway/src/hospital/sourceMemory';

const TIMES = { stopwatch: () => 0, pause: () => Promise.resolve() };
const MIB = 1024 * 1024;
const LARGE = 32 * MIB;
/** Three large places and sixteen of the middle size, the last of each for emergencies. */
const memory = (): ReturnType<typeof createSourceMemory> =>
  createSourceMemory({ totalBytes: 160 * MIB, answerBytes: LARGE, ...TIMES });

function finds(room: RequestRoom, bytes: number): boolean {
  try {
    room.reserve(bytes);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(NoRoom);
    return false;
  }
}

test('small answers need no place', () => {
  const all = memory();
  for (let number = 0; number < 1000; number += 1) {
    expect(finds(all.open('a', false), SMALL_BYTES)).toBe(true);
  }
});

test('nobody waits for a large place; what is given back is there for whoever asks next', () => {
  const all = memory();
  const rooms = ['a', 'b', 'c'].map((client) => all.open(client, false));
  expect(rooms.map((room) => finds(room, LARGE))).toEqual([true, true, false]);
  rooms[0]?.close();
  rooms[0]?.close();
  expect(rooms.slice(2).map((room) => finds(room, LARGE))).toEqual([true]);
  expect(finds(all.open('d', false), LARGE)).toBe(false);
});

test('an emergency takes the last place', () => {
  const all = memory();
  expect(['a', 'b', 'c'].map((client) => finds(all.open(client, false), LARGE))).toEqual([true, true, false]);
  expect(['d', 'e'].map((client) => finds(all.open(client, true), LARGE))).toEqual([true, false]);
});

test('what a request holds bounds its answer', () => {
  const all = memory();
  const [large, room] = [all.open('a', false), all.open('a', false)];
  large.reserve(LARGE);
  expect(large.heldBytes).toBe(LARGE);
  expect([large.hasRoomFor(LARGE), large.hasRoomFor(LARGE + 1)]).toEqual([true, false]);
  expect(room.heldBytes).toBe(SMALL_BYTES);
  expect(room.hasRoomFor(SMALL_BYTES + 1)).toBe(true);
  expect(room.heldBytes).toBe(MIDDLE_BYTES);
  expect([room.hasRoomFor(MIDDLE_BYTES), room.hasRoomFor(MIDDLE_BYTES + 1)]).toEqual([true, false]);
  large.close();
  expect(room.hasRoomFor(MIDDLE_BYTES + 1)).toBe(true);
});

test('a place of the middle size is given back for a large one, and one request holds one', () => {
  const all = memory();
  const middle = (): boolean[] =>
    Array.from({ length: 16 }, (_value, number) =>
      finds(all.open(`m${String(number)}`, false), MIDDLE_BYTES),
    );
  const rooms = [all.open('a', false), all.open('b', false)];
  for (const room of rooms) {
    expect(
      [MIDDLE_BYTES, MIDDLE_BYTES, LARGE, LARGE, MIDDLE_BYTES].every((bytes) => finds(room, bytes)),
    ).toBe(true);
  }
  // All but the emergencies' are free.
  expect(middle().filter(Boolean)).toHaveLength(15);
  rooms.forEach((room) => {
    room.close();
  });
  expect([finds(all.open('c', false), LARGE), finds(all.open('d', false), LARGE)]).toEqual([true, true]);
});

test('a closed room takes no place any more', () => {
  const all = memory();
  const room = all.open('a', false);
  room.close();
  expect([finds(room, LARGE), room.hasRoomFor(MIDDLE_BYTES), finds(room, SMALL_BYTES)]).toEqual([
    false,
    false,
    true,
  ]);
  expect(finds(all.open('a', false), LARGE)).toBe(true);
});
