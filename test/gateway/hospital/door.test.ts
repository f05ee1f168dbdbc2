// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { Door, type Passage } from '../../../gateway/src/hospital/door';

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** Requests at a door, and in which order they enter. */
function watched(places: number): {
  come: (client: string, name: string, deadline?: AbortSignal) => Passage;
  entered: string[];
  refused: unknown[];
} {
  const door = new Door(places);
  const entered: string[] = [];
  const refused: unknown[] = [];
  return {
    entered,
    refused,
    come: (client, name, deadline = new AbortController().signal) => {
      const passage = door.open(client);
      passage.enter(deadline).then(
        () => entered.push(name),
        (error: unknown) => refused.push(error),
      );
      return passage;
    },
  };
}

test('one client alone has half of the places; whoever comes later enters at once', async () => {
  const { come, entered } = watched(8);
  const mine = Array.from({ length: 20 }, (_value, number) => come('a', `a${String(number)}`));
  await turn();
  expect(entered).toEqual(['a0', 'a1', 'a2', 'a3']);
  come('b', 'b0');
  come('c', 'c0');
  await turn();
  expect(entered.slice(4)).toEqual(['b0', 'c0']);
  mine[0]?.leave();
  mine[0]?.leave();
  mine[1]?.leave();
  await turn();
  // Three of a, one of b and c each: three are free, so no fourth of a.
  expect(entered.slice(6)).toEqual(['a4']);
});

test('a place goes to the client that has fewest, and of one client to who came first', async () => {
  const { come, entered } = watched(2);
  const first = come('a', 'a0');
  for (const [client, name] of [
    ['a', 'a1'],
    ['a', 'a2'],
    ['b', 'b0'],
  ] as const) {
    come(client, name);
  }
  await turn();
  expect(entered).toEqual(['a0', 'b0']);
  first.leave();
  await turn();
  expect(entered).toEqual(['a0', 'b0', 'a1']);
});

test('who waits in vain is refused, and takes nobody’s turn', async () => {
  const { come, entered, refused } = watched(2);
  const deadline = new AbortController();
  const first = come('a', 'a0');
  const second = come('a', 'late', deadline.signal);
  come('a', 'a1');
  deadline.abort();
  come('a', 'too late', deadline.signal);
  await turn();
  expect(refused).toMatchObject([{ code: 'OVERLOADED' }, { code: 'OVERLOADED' }]);
  second.leave();
  first.leave();
  await turn();
  expect(entered).toEqual(['a0', 'a1']);
});

test('whatever comes and goes: nobody has more than is left, all enter in the end', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 2, max: 12 }),
      fc.array(fc.record({ client: fc.constantFrom('a', 'b', 'c'), leaves: fc.nat(20) }), { maxLength: 60 }),
      async (places, events) => {
        const door = new Door(places);
        const inside: { client: string; passage: Passage }[] = [];
        const all: Promise<void>[] = [];
        let entered = 0;
        const leave = (at: number): void => {
          const [left] = inside.splice(at % Math.max(1, inside.length), 1);
          left?.passage.leave();
        };
        for (const { client, leaves } of events) {
          const passage = door.open(client);
          all.push(
            passage.enter(new AbortController().signal).then(() => {
              entered += 1;
              inside.push({ client, passage });
              const own = inside.filter((one) => one.client === client).length;
              expect(own).toBeLessThanOrEqual(Math.ceil(places / 2));
              expect(inside.length).toBeLessThanOrEqual(places);
            }),
          );
          await turn();
          if (leaves % 3 === 0) {
            leave(leaves);
          }
        }
        while (door.waiting > 0) {
          leave(0);
          await turn();
        }
        await Promise.all(all);
        expect(entered).toBe(events.length);
      },
    ),
    { numRuns: 60 },
  );
});
