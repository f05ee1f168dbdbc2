// SPDX-License-Identifier: Apache-2.0
import {
  assertion,
  createHospital,
  type Hospital,
  outcomeCode,
  patientId,
  requestToken,
} from '../gateway/hospital/hospitalFixture';

/**
 * A person, or a reason, that nobody can see: it would pass a block under another's id, and tell the patient
 * nothing.
 */
let hospital: Hospital;
beforeEach(async () => {
  hospital = await createHospital();
});

const UNSEEN = ['\u200b', '\u200d', '\u2060', '\ufeff', '\u00ad', '\u3164', '\u{e0041}', '\u202e', '\u2800'];
const named = UNSEEN.map((character) => [`U+${(character.codePointAt(0) ?? 0).toString(16)}`, character]);

test.each(named)('no token for a person whose id, name or role holds %s', async (_, character) => {
  for (const b2b of [
    { subject_id: `urn:oid:2.16.840.1.113883.4.6#10${character}` },
    { subject_id: `urn:oid:2.16.840.1${character}.113883.4.6#10` },
    { subject_id: character },
    { subject_name: `Dr. ${character}Mariam Gleason` },
    { subject_name: character },
    { subject_role: `doctor${character}` },
    { subject_role: character },
  ]) {
    const response = await requestToken(hospital.app, { assertion: await assertion(hospital.key, { b2b }) });
    expect([response.status, (response.body as { error: string }).error]).toEqual([400, 'invalid_request']);
  }
});

test.each(named)('no emergency for a reason of %s', async (_, character) => {
  const response = await hospital.get(
    `Patient/${patientId(hospital, 'Conn')}`,
    { purpose: 'BTG' },
    { 'break-glass-reason': encodeURIComponent(character.repeat(20)) },
  );
  expect([response.status, outcomeCode(response)]).toEqual([400, 'EMERGENCY_INCOMPLETE']);
  expect(hospital.recorder.requests).toMatchObject([{ emergency: null }]);
});

test('names that need joiners, or come uncomposed, are taken', async () => {
  for (const [given, recorded] of [
    ['\u0639\u0644\u06cc\u200c\u0631\u0636\u0627', '\u0639\u0644\u06cc\u200c\u0631\u0636\u0627'],
    [' Jose\u0301  Pérez', 'José Pérez'],
  ]) {
    await hospital.get(`Patient/${patientId(hospital, 'Conn')}`, { b2b: { subject_name: given } });
    expect(hospital.recorder.requests.at(-1)?.requester.person?.name).toBe(recorded);
  }
});
