// SPDX-License-Identifier: Apache-2.0
import { AppError } from '../../../gateway/src/errors';
import { observation, patient } from '../fhir/fakeFhirServer';
import { bundleOf, createHospital, type Hospital } from './hospitalFixture';
import { pagedSource } from './support/pagedSource';
import { EMERGENCY } from './support/fullMemory';

const RECORDS = [
  patient('p', '111'),
  ...Array.from({ length: 60 }, (_, number) => observation(`o${String(number)}`, 'p')),
];

/** A source that gives `pages` pages of a search and then fails, or never. */
async function hospitalWith(pages: number): Promise<Hospital> {
  let searched = 0;
  const { upstream } = pagedSource(RECORDS, {
    maxCount: 20,
    before: (call) => {
      searched += call.startsWith('Observation') ? 1 : 0;
      return searched > pages
        ? Promise.reject(new AppError('UPSTREAM_FAILED', 'no answer'))
        : Promise.resolve();
    },
  });
  return createHospital({ upstream });
}

const EMERGENCY_ERRAND = { purpose: 'BTG' };

test.each(['_total=accurate&_count=5', '_total=accurate&_count=300'])(
  'in an emergency a count that was not made to the end is not told: %s',
  async (asked) => {
    const whole = await hospitalWith(100);
    const all = await whole.get(`Observation?patient=p&${asked}`, EMERGENCY_ERRAND, EMERGENCY);
    expect([all.status, bundleOf(all).total]).toEqual([200, 60]);

    const broken = await hospitalWith(2);
    const some = await broken.get(`Observation?patient=p&${asked}`, EMERGENCY_ERRAND, EMERGENCY);
    expect([some.status, bundleOf(some).total]).toEqual([200, undefined]);
    expect(bundleOf(some).link.some(({ relation }) => relation === 'next')).toBe(true);
  },
);

test('an ordinary request meets the error of the source', async () => {
  const broken = await hospitalWith(2);
  expect((await broken.get('Observation?patient=p&_total=accurate&_count=5')).status).toBe(502);
});
