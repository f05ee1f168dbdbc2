// SPDX-License-Identifier: Apache-2.0
import { addRegistryMetric, registryHealth } from '../../../gateway/src/compose/registryHealth';
import { createMetrics } from '../../../gateway/src/http/metrics';
import type { RegistryMemoryState } from '../../../gateway/src/registry/registryMemory';

const READ_AT = Date.parse('2026-11-28T06:30:00Z');
const failure = { problem: 'NO_ANSWER', reason: 'ledger unavailable (NO_ANSWER)', remedy: 'start the peer' };
const known = { readAt: READ_AT, usableUntil: READ_AT + 259_200_000, isUsable: true, failure: undefined };
const healthOf = (state: RegistryMemoryState): unknown => registryHealth({ state: () => state });

test('while the ledger answers there is nothing to say', () => {
  expect(healthOf(known)).toEqual({ ready: true });
});

test('before the first answer, too', () => {
  expect(healthOf({ ...known, readAt: undefined, usableUntil: undefined, isUsable: false })).toEqual({
    ready: true,
  });
});

test('while it is away: of when the Registry is, and how long it serves', () => {
  expect(healthOf({ ...known, failure })).toEqual({
    ready: true,
    detail:
      'Registry as of 2026-11-28T06:30:00.000Z, ledger away: good for emergencies until 2026-12-01T06:30:00.000Z',
  });
});

test('while the own peer is behind, the same, by its name', () => {
  const behind = { ...failure, problem: 'PEER_BEHIND', reason: 'ledger unavailable (PEER_BEHIND)' };
  expect(healthOf({ ...known, failure: behind })).toMatchObject({
    ready: true,
    detail: expect.stringContaining('own peer behind: good for emergencies until') as string,
  });
});

test.each([
  ['too old', { ...known, isUsable: false, failure }, /^Registry as of 2026-11-28.*too old/],
  [
    'not there',
    { readAt: undefined, usableUntil: undefined, isUsable: false, failure },
    /^no Registry is remembered, ledger away: ledger unavailable/,
  ],
])('what is %s makes it unready, with the remedy', (_what, state, reason) => {
  expect(healthOf(state)).toEqual({
    ready: false,
    reason: expect.stringMatching(reason) as string,
    remedy: 'start the peer',
  });
});

test.each([
  [known, READ_AT / 1000],
  [{ ...known, readAt: undefined }, 0],
])('its time is scraped, for an alarm before it is too old', async (state, seconds) => {
  const metrics = createMetrics('hospital');
  addRegistryMetric(metrics, { state: () => state });
  expect(await metrics.registry.metrics()).toContain(
    `chartwitness_registry_read_seconds{service="hospital"} ${String(seconds)}\n`,
  );
});
