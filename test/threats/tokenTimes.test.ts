// SPDX-License-Identifier: Apache-2.0
import { createTarget, type TokenTarget } from './tokenTarget';

const NOW = 1_790_000_000;
let target: TokenTarget;
beforeEach(async () => {
  target = await createTarget(NOW);
});

test.each<[string, unknown]>([
  ['text', String(NOW + 60)],
  ['negative', -1],
  ['huge', Number.MAX_VALUE],
  ['null', null],
  ['past', NOW - 6],
  ['before iat', NOW - 1],
  ['more than 300 s after iat', NOW + 301],
])('exp is %s', async (_name, exp) => {
  await target.expectRefused(await target.sign({ claims: { exp } }));
});

test.each<[string, Record<string, unknown>]>([
  ['iat in the future beyond the skew', { iat: NOW + 6, exp: NOW + 200 }],
  ['iat as text', { iat: String(NOW) }],
  ['iat too long ago', { iat: NOW - 306, exp: NOW - 6 }],
  ['nbf in the future beyond the skew', { nbf: NOW + 6 }],
  ['nbf as text', { nbf: String(NOW) }],
])('%s', async (_name, claims) => {
  await target.expectRefused(await target.sign({ claims }));
});

test.each<[string, Record<string, unknown>]>([
  ['iat just inside the skew', { iat: NOW + 5, exp: NOW + 200 }],
  ['nbf just inside the skew', { nbf: NOW + 5 }],
  ['exp just inside the skew', { iat: NOW - 290, exp: NOW - 4 }],
  ['a fraction of a second (RFC 7519 §2)', { iat: NOW + 0.25, exp: NOW + 60.5 }],
])('twin: %s is accepted', async (_name, claims) => {
  expect((await target.call(await target.sign({ claims }))).status).toBe(200);
});
