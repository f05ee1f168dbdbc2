// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { createTurns, type Turns } from '../../../gateway/src/hospital/turns';

/** An event loop by hand. */
class Loop {
  readonly turns: Turns;
  readonly began: string[] = [];
  now = 0;
  /** What beginning costs, in milliseconds. */
  costs = 0;
  #actions: (() => void)[] = [];

  constructor() {
    this.turns = createTurns({
      later: (action) => this.#actions.push(action),
      monotonic: () => this.now,
    });
  }

  get isIdle(): boolean {
    return this.#actions.length === 0;
  }

  ask(client: string, isEmergency: boolean, name = client): void {
    void this.turns.next(client, isEmergency).then(() => {
      this.began.push(name);
      this.now += this.costs;
    });
  }

  /** One turn of the loop: what is due, then everything that it sets off. */
  async turn(): Promise<void> {
    const due = this.#actions;
    this.#actions = [];
    for (const action of due) {
      action();
    }
    await new Promise((resolve) => setImmediate(resolve));
  }

  async run(turns: number): Promise<void> {
    for (let count = 0; count < turns; count += 1) {
      await this.turn();
    }
  }
}

test('on an open connection a request begins in the next turn of the loop, and nothing runs on without one', async () => {
  const loop = new Loop();
  expect(loop.isIdle).toBe(true);
  loop.ask('a', false);
  await loop.turn();
  expect(loop.began).toEqual(['a']);
  await loop.turn();
  expect(loop.isIdle).toBe(true);
  loop.turns.heard();
  loop.ask('b', true);
  await loop.run(2);
  expect(loop.began).toEqual(['a']);
  await loop.turn();
  expect(loop.began).toEqual(['a', 'b']);
});

test('emergencies begin before the others, and clients take turns', async () => {
  const loop = new Loop();
  for (const number of [1, 2, 3]) loop.ask('flood', false, `flood ${String(number)}`);
  loop.ask('ward', false, 'ward 1');
  for (const number of [1, 2, 3]) loop.ask('flood', true, `emergency of flood ${String(number)}`);
  loop.ask('ward', true, 'emergency of ward');
  await loop.turn();
  expect(loop.began).toEqual([
    'emergency of flood 1',
    'emergency of ward',
    'emergency of flood 2',
    'emergency of flood 3',
    'flood 1',
    'ward 1',
    'flood 2',
    'flood 3',
  ]);
});

test('who comes on new connections meanwhile is heard first: an emergency begins before all that came with the flood', async () => {
  const loop = new Loop();
  for (let count = 0; count < 100; count += 1) loop.ask('flood', false, 'flood');
  // As the platform gives them: one connection in each turn.
  for (let count = 0; count < 30; count += 1) {
    loop.turns.heard();
    await loop.turn();
  }
  loop.turns.heard();
  loop.ask('ward', true, 'emergency');
  await loop.run(20);
  expect(loop.began[0]).toBe('emergency');
  expect(loop.began).toHaveLength(101);
});

test('however many come, some begin in every 65 turns', async () => {
  const loop = new Loop();
  loop.costs = 1_000;
  for (let count = 0; count < 40; count += 1) loop.ask('ward', false);
  const begun: number[] = [];
  for (let count = 0; count < 4 * 65; count += 1) {
    loop.turns.heard();
    await loop.turn();
    if (loop.began.length !== begun.at(-1)) begun.push(loop.began.length);
  }
  // What takes long makes bursts smaller.
  expect(begun).toEqual([0, 16, 17, 18, 19]);
});

test('what costs little begins in ever larger bursts, what costs much one at a time', async () => {
  const loop = new Loop();
  for (let count = 0; count < 1_000; count += 1) loop.ask('ward', false);
  const grown: number[] = [];
  for (let count = 0; count < 6; count += 1) {
    await loop.turn();
    grown.push(loop.began.length);
  }
  expect(grown).toEqual([16, 48, 112, 240, 496, 752]);
  loop.costs = 30;
  await loop.turn();
  for (let count = 0; count < 1_000; count += 1) loop.ask('ward', false);
  await loop.run(8);
  const before = loop.began.length;
  await loop.run(3);
  expect(loop.began.length - before).toBe(3);
});

test('each begins once, whatever comes when', async () => {
  const happening = fc.oneof(
    fc.record({ client: fc.constantFrom('a', 'b', 'c'), isEmergency: fc.boolean() }),
    fc.constantFrom('turn' as const, 'heard' as const),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { maxLength: 60 }), async (happenings) => {
      const loop = new Loop();
      const asked: string[] = [];
      for (const one of happenings) {
        if (one === 'turn') {
          await loop.turn();
        } else if (one === 'heard') {
          loop.turns.heard();
        } else {
          asked.push(`${one.client} ${String(asked.length)}`);
          loop.ask(one.client, one.isEmergency, asked.at(-1));
        }
      }
      await loop.run(64 + asked.length * 64);
      expect([...loop.began].sort()).toEqual([...asked].sort());
      expect(loop.isIdle).toBe(true);
    }),
    { numRuns: 30 },
  );
});
