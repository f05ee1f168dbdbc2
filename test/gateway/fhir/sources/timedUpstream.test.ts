// SPDX-License-Identifier: Apache-2.0
import { AppError } from '../../../../gateway/src/errors';
import { createSampleHospital } from '../../../../gateway/src/fhir/sources/sampleHospital';
import { timedUpstream } from '../../../../gateway/src/fhir/sources/timedUpstream';
import type { Upstream } from '../../../../gateway/src/fhir/sources/upstream';

const signal = new AbortController().signal;
let observed: (readonly [milliseconds: number, result: string])[];
let now: number;
beforeEach(() => {
  observed = [];
  now = 0;
});

function timed(source: Upstream): Upstream {
  return timedUpstream(source, {
    now: () => now,
    observe: (milliseconds, result) => {
      observed.push([milliseconds, result]);
    },
  });
}

/** The sample, in which `ask` takes the place of a read. */
const reading = (ask: () => Promise<undefined>): Upstream => ({
  ...createSampleHospital({ patients: ['liz'] }),
  read: ask,
});

test('every way of asking is timed, under a room too', async () => {
  const source = timed(createSampleHospital({ patients: ['liz'] }));
  const inRoom = source.within({ reserve: () => undefined });
  await source.search('Patient', new URLSearchParams(), signal);
  const first = await inRoom.search('Observation', new URLSearchParams({ _count: '1' }), signal);
  await inRoom.page(first.next ?? '', signal);
  await inRoom.everything('nobody', new URLSearchParams(), signal);
  await inRoom.read('Patient', 'nobody', signal);
  expect(observed.map(([, result]) => result)).toEqual([
    'answered',
    'answered',
    'answered',
    'absent',
    'absent',
  ]);
});

test('an error is counted by its code and passed on', async () => {
  const failure = new AppError('UPSTREAM_FAILED', 'no answer in time');
  const source = timed(
    reading(() => {
      now += 250;
      return Promise.reject(failure);
    }),
  );
  await expect(source.read('Patient', 'liz', signal)).rejects.toBe(failure);
  expect(observed).toEqual([[250, 'UPSTREAM_FAILED']]);
});

test('what is no error of this product is INTERNAL', async () => {
  const source = timed(reading(() => Promise.reject(new TypeError('oops'))));
  await expect(source.read('Patient', 'liz', signal)).rejects.toThrow('oops');
  expect(observed).toEqual([[0, 'INTERNAL']]);
});
