// SPDX-License-Identifier: Apache-2.0
import { EventEmitter } from 'node:events';
import type { Request, Response } from 'express';
import { slowLane } from '../../../gateway/src/http/slowLane';

test('who hangs up while waiting, or before, takes no place for ever', () => {
  const lane = slowLane({ width: 1, waiting: 3 });
  const entered: number[] = [];
  const responses = Array.from({ length: 5 }, () => Object.assign(new EventEmitter(), { closed: false }));
  const ask = (at: number): void => {
    void lane(new EventEmitter() as unknown as Request, responses[at] as unknown as Response, () =>
      entered.push(at),
    );
  };
  const hangUp = (at: number): void => {
    Object.assign(responses[at] ?? {}, { closed: true });
    responses[at]?.emit('close');
  };
  [0, 1, 2].forEach(ask);
  hangUp(1);
  hangUp(2);
  hangUp(3);
  ask(3);
  ask(4);
  expect(entered).toEqual([0]);
  hangUp(0);
  expect(entered).toEqual([0, 4]);
  hangUp(4);
  Object.assign(responses[0] ?? {}, { closed: false });
  ask(0);
  expect(entered).toEqual([0, 4, 0]);
});

test('few at once, the others in order, the rest refused, and nobody left waiting', () => {
  const lane = slowLane({ width: 2, waiting: 2 });
  const entered: number[] = [];
  const responses = Array.from({ length: 5 }, () => new EventEmitter());
  const ask = (at: number): void => {
    void lane(new EventEmitter() as unknown as Request, responses[at] as unknown as Response, () =>
      entered.push(at),
    );
  };
  [0, 1, 2, 3].forEach(ask);
  expect(entered).toEqual([0, 1]);
  expect(() => {
    ask(4);
  }).toThrow(expect.objectContaining({ code: 'TOO_MANY_REQUESTS' }) as Error);
  responses[1]?.emit('close');
  expect(entered).toEqual([0, 1, 2]);
  responses[0]?.emit('close');
  responses[2]?.emit('close');
  expect(entered).toEqual([0, 1, 2, 3]);
  ask(4);
  expect(entered).toEqual([0, 1, 2, 3, 4]);
});
