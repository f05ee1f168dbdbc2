// SPDX-License-Identifier: Apache-2.0
import { bundleOf, createHospital, type Hospital, patientId } from '../gateway/hospital/hospitalFixture';
import { SSN } from '../gateway/fhir/fakeFhirServer';

// A search that names a patient and matches nothing tells something about her: "not born before 1960". Half
// of the questions by which a caller halves an interval have such an answer, so each of them is recorded.

let hospital: Hospital;
let ned: string;
beforeEach(async () => {
  hospital = await createHospital();
  ned = patientId(hospital, 'Hintz');
});

const NED = '999-32-7438';
const named = (): readonly string[] => [`identifier=${SSN}|${NED}`, `_id=${ned}`];
const FILTERS = ['birthdate=lt1900-01-01', 'birthdate=gt1900-01-01', 'birthdate=lt1900-01-01&_count=0'];

test.each(FILTERS)('Patient?…&%s is recorded, whether or not she matches', async (filter) => {
  for (const name of named()) {
    const before = hospital.recorder.requests.length;
    const response = await hospital.get(`Patient?${name}&${filter}`);
    expect([name, response.status]).toEqual([name, 200]);
    const [recorded] = hospital.recorder.requests.slice(before);
    const given = bundleOf(response).entry?.length ?? 0;
    expect(recorded?.items).toMatchObject([{ type: 'Patient', count: given }]);
  }
});

test('denied, a filter that matches and one that does not are answered alike', async () => {
  hospital.recorder.denyAll();
  const answers: unknown[] = [];
  for (const birthdate of ['lt1900-01-01', 'gt1900-01-01']) {
    const response = await hospital.get(`Patient?identifier=${SSN}|${NED}&birthdate=${birthdate}`);
    answers.push([response.status, { ...bundleOf(response), link: undefined }]);
  }
  expect(answers[0]).toEqual(answers[1]);
  expect(hospital.recorder.requests).toHaveLength(2);
});

test('twin: what names nobody is answered the same and has nowhere to be recorded', async () => {
  const response = await hospital.get(`Patient?identifier=${SSN}|000-00-0000&birthdate=gt1900-01-01`);
  expect([response.status, bundleOf(response).total]).toEqual([200, 0]);
  expect(hospital.recorder.requests).toEqual([]);
});
