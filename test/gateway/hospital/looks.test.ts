// SPDX-License-Identifier: Apache-2.0
import { NoRoom } from '../../../gateway/src/fhir/sources/upstream';
import { type Looker, Looks } from '../../../gateway/src/hospital/looks';

const looker = (client: string, isEmergency = false): Looker => ({ client, isEmergency });
const NEVER = { deadline: new AbortController().signal, hurry: undefined };

/** Looks on a clock that is set, and pauses that the test ends. */
function watched(): {
  looks: Looks;
  order: string[];
  /** Looks and takes so long. */
  look: (name: string, who: Looker, takes?: number, until?: Parameters<Looks['look']>[1]) => Promise<void>;
  pass: (milliseconds: number) => void;
  pauses: number[];
} {
  let now = 1000;
  const order: string[] = [];
  const pauses: number[] = [];
  const waiting: (() => void)[] = [];
  const looks = new Looks({
    stopwatch: () => now,
    pause: (milliseconds) => {
      pauses.push(milliseconds);
      return new Promise((resolve) => waiting.push(resolve));
    },
  });
  return {
    looks,
    order,
    pauses,
    look: (name, who, takes = 0, until = NEVER) =>
      looks.look(who, until, async (room) => {
        room.reserve(Number.MAX_SAFE_INTEGER);
        order.push(name);
        await Promise.resolve();
        now += takes;
      }),
    pass: (milliseconds) => {
      now += milliseconds;
      for (const resolve of waiting.splice(0)) {
        resolve();
      }
    },
  };
}

test('one at a time: emergencies first, then who came first', async () => {
  const { look, order } = watched();
  await Promise.all([
    look('first', looker('a')),
    look('second', looker('b')),
    look('third', looker('c')),
    look('emergency', looker('d', true)),
  ]);
  expect(order).toEqual(['first', 'emergency', 'second', 'third']);
});

test('a client rests four times as long as it looked: not its emergencies, nor the request that looked', async () => {
  const { look, order, pass, pauses } = watched();
  const first = looker('a');
  await look('a', first, 100);
  const other = look('another of a', looker('a'));
  await Promise.all([look('again', first), look('b', looker('b')), look('emergency', looker('a', true))]);
  expect(order).toEqual(['a', 'again', 'emergency', 'b']);
  pass(pauses[0] ?? 0);
  await other;
  expect([pauses, order.at(-1)]).toEqual([[400], 'another of a']);
});

test('who waits in vain: an emergency does without, an ordinary request fails; the next one looks all the same', async () => {
  const { looks, look, order } = watched();
  let end: () => void = () => undefined;
  const longLook = looks.look(
    looker('a'),
    NEVER,
    () =>
      new Promise<void>((resolve) => {
        end = resolve;
      }),
  );
  await Promise.resolve();
  const [hurry, deadline] = [new AbortController(), new AbortController()];
  const emergency = look('emergency', looker('b', true), 0, { ...NEVER, hurry: hurry.signal });
  const ordinary = look('ordinary', looker('c'), 0, { deadline: deadline.signal, hurry: undefined });
  const next = look('next', looker('d'));
  hurry.abort();
  deadline.abort();
  await expect(emergency).rejects.toBeInstanceOf(NoRoom);
  await expect(ordinary).rejects.toMatchObject({ code: 'UPSTREAM_FAILED' });
  await expect(look('late', looker('e', true), 0, { ...NEVER, hurry: hurry.signal })).rejects.toBeInstanceOf(
    NoRoom,
  );
  end();
  await longLook;
  await next;
  expect(order).toEqual(['next']);
});

test('twin: whose look fails leaves the turn to the next', async () => {
  const { looks, look, order } = watched();
  const failed = looks.look(looker('a'), NEVER, () => Promise.reject(new Error('the source fails')));
  const next = look('next', looker('b'));
  await expect(failed).rejects.toThrow('fails');
  await next;
  expect(order).toEqual(['next']);
});
