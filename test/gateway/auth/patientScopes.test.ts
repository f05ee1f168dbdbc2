// SPDX-License-Identifier: Apache-2.0
import {
  coversPatientScope,
  grantablePatientScopes,
  identityScopes,
  withNarrowerScopes,
} from '../../../gateway/src/auth/patientScopes';

test.each([
  ['patient/Consent.ru', 'Consent', 'u', true],
  ['openid patient/AuditEvent.s  patient/Consent.r', 'Consent', 'r', true],
  ['patient/Consent.ru', 'Consent', 'c', false],
  ['patient/Consent.ru', 'AuditEvent', 'r', false],
  ['patient/Consent.ur', 'Consent', 'u', false],
  // The patient API knows no words of version 1 and no scope for every type, in a token of any issuer.
  ['patient/Consent.read', 'Consent', 'r', false],
  ['patient/Consent.*', 'Consent', 'r', false],
  ['patient/*.r', 'Consent', 'r', false],
  ['patient/*.*', 'AuditEvent', 's', false],
  ['system/Consent.r', 'Consent', 'r', false],
  ['user/Consent.r', 'Consent', 'r', false],
  ['patient/Consent.r?status=active', 'Consent', 'r', false],
  ['', 'Consent', 'r', false],
] as const)('"%s" for %s.%s: %s', (scopes, type, letter, covered) => {
  expect(coversPatientScope(scopes, type, letter)).toBe(covered);
});

test('an app may ask for what it is registered for and each narrower form, and for nothing else', () => {
  expect([...withNarrowerScopes('openid patient/Consent.ru')].sort()).toEqual([
    'openid',
    'patient/Consent.r',
    'patient/Consent.ru',
    'patient/Consent.u',
  ]);
  expect(() => withNarrowerScopes('patient/Observation.r')).toThrow(
    /"patient\/Observation\.r" is not a scope/,
  );
  expect(() => withNarrowerScopes('patient/Consent.read')).toThrow(RangeError);
  expect(() => withNarrowerScopes('system/Consent.r')).toThrow(RangeError);
});

test('every grantable scope covers exactly its letters', () => {
  expect(grantablePatientScopes()).toHaveLength(34);
  for (const scope of grantablePatientScopes()) {
    const [, type, letters] = /^patient\/(AuditEvent|Consent)\.([cruds]+)$/.exec(scope) ?? [];
    for (const letter of ['c', 'r', 'u', 'd', 's'] as const) {
      for (const one of ['AuditEvent', 'Consent'] as const) {
        expect(coversPatientScope(scope, one, letter)).toBe(one === type && letters?.includes(letter));
      }
    }
  }
  expect(identityScopes()).toEqual(['openid', 'profile', 'offline_access']);
});
