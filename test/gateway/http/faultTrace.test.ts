// SPDX-License-Identifier: Apache-2.0
import { AppError } from '../../../gateway/src/errors';
import { faultTrace } from '../../../gateway/src/http/faultTrace';

const SECRET = 'Erika Mustermann\n    at 999-11-1111 (secret.ts:1:1)';

test('a fault says where it and its causes arose, in no words but the project’s own', () => {
  const cause = new TypeError(`no member of ${SECRET}`, { cause: new RangeError(SECRET) });
  const trace = faultTrace(new AppError('INTERNAL', 'unexpected error', { cause }));
  expect(trace.map(({ type, reason }) => [type, reason])).toEqual([
    ['AppError', 'INTERNAL: unexpected error'],
    ['TypeError', undefined],
    ['RangeError', undefined],
  ]);
  for (const { at } of trace) {
    expect(at[0]).toContain('faultTrace.test');
    expect(at.length).toBeLessThanOrEqual(12);
  }
  expect(JSON.stringify(trace)).not.toMatch(/Erika|999-11-1111|secret/);
});

test('what is no error, and a circle of causes, end', () => {
  expect(faultTrace('text')).toEqual([{ type: 'string', at: [] }]);
  const circle = new Error('one');
  circle.cause = circle;
  expect(faultTrace(circle)).toHaveLength(5);
});

test('an error whose message was changed afterwards shows no message', () => {
  const error = new Error('first');
  error.message = SECRET;
  expect(JSON.stringify(faultTrace(error))).not.toMatch(/Erika|first/);
});
