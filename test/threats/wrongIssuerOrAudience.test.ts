// SPDX-License-Identifier: Apache-2.0
import { FHIR, ISSUER } from '../gateway/hospital/hospitalFixture';
import { createTarget, type TokenTarget } from './tokenTarget';

let target: TokenTarget;
beforeEach(async () => {
  target = await createTarget();
});

test.each<[string, Record<string, unknown>]>([
  ['another issuer', { iss: 'https://evil.example.org' }],
  ['the issuer as a prefix', { iss: `${ISSUER}.evil.example.org` }],
  ['the issuer with a slash', { iss: `${ISSUER}/` }],
  ['the issuer in a list', { iss: [ISSUER] }],
  ['another audience', { aud: 'https://other.example.org/fhir' }],
  ['the audience as a prefix', { aud: `${FHIR}/Patient` }],
  ['an audience list with this one in it', { aud: [FHIR, 'https://other.example.org'] }],
  ['an audience list of this one alone', { aud: [FHIR] }],
])('%s', async (_name, claims) => {
  await target.expectRefused(await target.sign({ claims }));
});
