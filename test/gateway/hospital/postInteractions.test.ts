// SPDX-License-Identifier: Apache-2.0
import request from 'supertest';
import { bundleOf, createHospital, type Hospital, outcomeCode, patientId } from './hospitalFixture';

let hospital: Hospital;
let ned: string;
let token: string;
beforeAll(async () => {
  hospital = await createHospital();
  ned = patientId(hospital, 'Hintz');
  token = await hospital.token();
});

const post = (path: string): request.Test =>
  request(hospital.app).post(`/fhir/${path}`).set('authorization', `Bearer ${token}`);
const parameters = (...parameter: unknown[]): Record<string, unknown> => ({
  resourceType: 'Parameters',
  ...(parameter.length === 0 ? {} : { parameter }),
});

describe('POST $everything', () => {
  const everything = (): request.Test => post(`Patient/${ned}/$everything`);
  const fhir = 'application/fhir+json';

  test.each<[string, (test: request.Test) => request.Test]>([
    ['no body', (test) => test],
    ['an empty body with a type', (test) => test.set('content-type', fhir).set('content-length', '0')],
    ['an empty Parameters', (test) => test.set('content-type', fhir).send(JSON.stringify(parameters()))],
    ['the same as application/json', (test) => test.send(parameters())],
  ])('with %s is the same as GET', async (_name, prepare) => {
    const response = await prepare(everything());
    expect(response.status).toBe(200);
    expect(bundleOf(response)).toEqual(bundleOf(await hospital.get(`Patient/${ned}/$everything`)));
  });

  test('parameters of the body and of the URL count together', async () => {
    const response = await post(`Patient/${ned}/$everything?_count=3`)
      .set('content-type', fhir)
      .send(
        JSON.stringify(
          parameters(
            { name: '_type', valueCode: 'Observation' },
            { name: '_type', valueCode: 'Condition' },
            { name: 'start', valueDate: '1900-01-01' },
          ),
        ),
      );
    const asGet = await hospital.get(
      `Patient/${ned}/$everything?_type=Observation,Condition&start=1900-01-01&_count=3`,
    );
    expect(response.status).toBe(200);
    expect(bundleOf(response).entry).toEqual(bundleOf(asGet).entry);
    expect(bundleOf(response).entry).toHaveLength(3);
  });

  test.each<[string, unknown]>([
    ['another resource', { resourceType: 'Patient' }],
    ['an unknown parameter', parameters({ name: 'code', valueCode: 'x' })],
    ['a parameter without value', parameters({ name: 'start' })],
    ['a parameter with two values', parameters({ name: 'start', valueDate: '2020', valueString: '2021' })],
    ['a parameter with a resource', parameters({ name: 'start', resource: { resourceType: 'Patient' } })],
    [
      'a parameter twice',
      parameters({ name: 'start', valueDate: '2020' }, { name: 'start', valueDate: '2021' }),
    ],
    ['an unknown parameter in another spelling', parameters({ name: '_Elements', valueString: 'code' })],
    ['a start that is no date', parameters({ name: 'start', valueDate: '2020-02-30' })],
    ['a malformed type', parameters({ name: '_type', valueCode: 'Observation;Patient' })],
    ['types that are not served alone', parameters({ name: '_type', valueCode: 'Provenance' })],
    ['a list', []],
    ['no list of parameters', { resourceType: 'Parameters', parameter: {} }],
  ])('with %s is 400', async (_name, body) => {
    const before = hospital.recorder.requests.length;
    const response = await everything().set('content-type', fhir).send(JSON.stringify(body));
    expect([response.status, outcomeCode(response)]).toEqual([400, 'BAD_REQUEST']);
    expect(hospital.recorder.requests).toHaveLength(before);
  });

  test('types that are not served are left out', async () => {
    const response = await hospital.get(`Patient/${ned}/$everything?_type=Patient,Provenance`);
    const { entry, link } = bundleOf(response);
    expect(entry?.map(({ resource }) => resource.resourceType)).toEqual(['Patient']);
    expect(link[0]?.url).toMatch(/_type=Patient$/);
  });

  test('a bad date is refused before anybody knows who is there', async () => {
    for (const id of [ned, 'nobody']) {
      const response = await hospital.get(`Patient/${id}/$everything?start=hello`);
      expect([response.status, outcomeCode(response)]).toEqual([400, 'BAD_REQUEST']);
    }
  });

  test.each<[string, string]>([
    ['{', fhir],
    ['{"resourceType":"Patient","resourceType":"Parameters"}', fhir],
  ])('with the body %s is 400', async (body, type) => {
    expect((await everything().set('content-type', type).send(body)).status).toBe(400);
  });

  test('with another content type is 415, without a token 401', async () => {
    expect((await everything().set('content-type', 'application/xml').send('<a/>')).status).toBe(415);
    const response = await request(hospital.app).post(`/fhir/Patient/${ned}/$everything`);
    expect([response.status, outcomeCode(response)]).toEqual([401, 'UNAUTHENTICATED']);
  });

  test('a body beyond 16 KiB is 413', async () => {
    const response = await everything()
      .set('content-type', fhir)
      .send(`"${'x'.repeat(20_000)}"`);
    expect(response.status).toBe(413);
  });
});

describe('_format in the body of a POST _search', () => {
  const search = (format: string, accept: string): request.Test =>
    post('Observation/_search').set('accept', accept).type('form').send({ patient: ned, _format: format });

  test('decides before Accept', async () => {
    expect((await search('json', 'application/fhir+xml')).status).toBe(200);
    const refused = await search('xml', 'application/fhir+json');
    expect([refused.status, outcomeCode(refused)]).toEqual([406, 'NOT_ACCEPTABLE']);
    expect((await search('', 'application/fhir+xml')).status).toBe(406);
  });
});
