// SPDX-License-Identifier: Apache-2.0
import request from 'supertest';
import { PATIENT_TYPES, patientParameters } from '../../gateway/src/fhir/resourceTypes';
import {
  type FakeFhirServer,
  observation,
  patient,
  searchset,
  startFakeFhirServer,
} from '../gateway/fhir/fakeFhirServer';
import { type Hospital, outcomeCode } from '../gateway/hospital/hospitalFixture';
import { hospitalBefore } from '../gateway/hospital/support/hospitalBefore';

// FHIR servers ignore parameters that a type does not have, and then answer for everybody. A client that asks
// such a question must not make the gateway look wrongly set up, or a balancer takes it away from all others,
// emergencies included.

let source: FakeFhirServer;
let hospital: Hospital;
let now: number;
beforeEach(async () => {
  now = Date.now();
  source = await startFakeFhirServer();
  const others = { beneficiary: { reference: 'Patient/c' } };
  source.answers = {
    metadata: { resourceType: 'CapabilityStatement' },
    Observation: searchset([observation('1', 'c')]),
    Coverage: searchset([{ resourceType: 'Coverage', id: 'x', ...others }]),
    Condition: searchset([{ resourceType: 'Condition', id: 'x', subject: others.beneficiary }]),
  };
  for (const id of ['a', 'b', 'c', 'd']) {
    source.answers[`Patient/${id}`] = patient(id, `${id}11`);
  }
  hospital = await hospitalBefore(source, {}, { clock: () => now });
});
afterEach(() => source.close());

async function readiness(): Promise<number> {
  now += 2_000;
  return (await request(hospital.app).get('/readyz')).status;
}

test.each(PATIENT_TYPES.filter((type) => type !== 'Patient'))(
  '%s is searched by the parameters alone that R4 gives it',
  async (type) => {
    source.answers[type] = searchset([]);
    for (const name of ['patient', 'subject'] as const) {
      const response = await hospital.get(`${type}?${name}=a`);
      const isKnown = patientParameters(type).includes(name);
      expect([name, response.status]).toEqual([name, isKnown ? 200 : 400]);
      if (!isKnown) {
        expect(outcomeCode(response)).toBe('UNBOUND_SEARCH');
        expect(response.text).toContain(`searched by ${patientParameters(type).join(' or ')}`);
      }
    }
  },
);

test('a search that the source answers for everybody says nothing about its set-up where the patient is not there', async () => {
  for (const id of ['n1', 'n2', 'n3']) {
    expect((await hospital.get(`Observation?patient=${id}`)).status).toBe(200);
    expect((await hospital.get(`Condition?patient=${id}`)).status).toBe(200);
  }
  expect(await readiness()).toBe(200);
});

test('one type that the source answers for everybody does not stop the gateway, however often it is asked', async () => {
  for (const id of ['a', 'b', 'd', 'a', 'b', 'd']) {
    expect((await hospital.get(`Coverage?patient=${id}`)).status).toBe(502);
  }
  expect(await readiness()).toBe(200);
});

test('nor do several types, once any answer has been right', async () => {
  expect((await hospital.get('Observation?patient=c')).status).toBe(200);
  for (const id of ['a', 'b', 'd']) {
    for (const type of ['Coverage', 'Condition', 'Observation']) {
      expect((await hospital.get(`${type}?patient=${id}`)).status).toBe(502);
    }
  }
  expect(await readiness()).toBe(200);
});

test('twin: a source that never answered rightly, for three patients and two types, is not ready', async () => {
  for (const id of ['a', 'b', 'd']) {
    await hospital.get(`Coverage?patient=${id}`);
    await hospital.get(`Condition?patient=${id}`);
  }
  expect(await readiness()).toBe(503);
});
