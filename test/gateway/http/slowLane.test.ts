// SPDX-License-Identifier: Apache-2.0
import { EventEmitter } from 'node:events';
import type { Request, Response } from 'express';
import { slowLane } from '../../../gateway/src/http/slowLane';

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
