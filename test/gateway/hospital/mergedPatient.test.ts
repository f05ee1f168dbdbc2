// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AccessRequest } from '@chartwitness/chaincode/domain';
import type { Response } from 'supertest';
import { AppError } from '../../../gateway/src/errors';
import type { FhirResource } from '../../../gateway/src/fhir/resource';
import {
  type FakeFhirServer,
  observation,
  patient,
  searchset,
  SSN,
  startFakeFhirServer,
} from '../fhir/fakeFhirServer';
import { bundleOf, type Hospital } from './hospitalFixture';
import { hospitalBefore } from './support/hospitalBefore';

const records = JSON.parse(
  readFileSync(join(__dirname, '../../vectors/fhir/12-merged-patient-use-old.json'), 'utf8'),
) as FhirResource[];
const OLD_NUMBER = '999-61-3984';
let server: FakeFhirServer;
let hospital: Hospital;
/** Subjects of the surviving number and of the old one. */
let surviving: string;
let former: string;

function hold(resources: readonly FhirResource[]): void {
  for (const resource of resources) {
    server.answers[`${resource.resourceType}/${resource.id ?? ''}`] = resource;
  }
}

beforeEach(async () => {
  server = await startFakeFhirServer();
  hold([...records, patient('p1', '999-11-1111'), observation('of-p1', 'p1')]);
  hold([patient('alone', OLD_NUMBER)]);
  server.answers['Observation'] = searchset(records.slice(1));
  server.answers['Patient/p-old/$everything'] = searchset(records);
  hospital = await hospitalBefore(server);
  surviving = await subjectOf('p1');
  former = await subjectOf('alone');
});
afterEach(() => server.close());

/** Of a current record, as its own entry has it. */
async function subjectOf(id: string): Promise<string> {
  await hospital.get(`Patient/${id}`);
  const subject = hospital.recorder.requests.pop()?.subject;
  if (subject === undefined) {
    throw new Error('not recorded');
  }
  return subject;
}

function inEmergency(path: string): Promise<Response> {
  return hospital.get(path, { purpose: 'BTG' }, { 'break-glass-reason': 'unconscious after a fall' });
}

function denyUnder(subject: string, type?: string): void {
  hospital.recorder.decide = (access: AccessRequest) => ({
    permitted: access.items.map(
      (item) => access.subject !== subject || (type !== undefined && item.type !== type),
    ),
    late: false,
  });
}

test('an ordinary request for a merged record looks absent, in every interaction', async () => {
  for (const path of ['Patient/p-old', 'Observation/of-p-old', 'Patient/p-old/$everything']) {
    const [merged, absent] = [await hospital.get(path), await hospital.get('Patient/nobody')];
    expect([merged.status, merged.text]).toEqual([404, absent.text]);
  }
  const found = await hospital.get('Observation?patient=p-old');
  expect([found.status, bundleOf(found).entry, bundleOf(found).total]).toEqual([200, undefined, 0]);
  expect(hospital.recorder.requests).toEqual([]);
});

test.each([
  ['Patient/p-old', ['p-old']],
  ['Observation/of-p-old', ['of-p-old']],
  ['Observation?patient=p-old', ['of-p-old']],
  ['Patient/p-old/$everything', ['p-old', 'of-p-old']],
])('in an emergency %s is given, and listed once, under the surviving person', async (path, ids) => {
  const response = await inEmergency(path);
  expect(response.status).toBe(200);
  const { requests } = hospital.recorder;
  expect(requests.map(({ subject }) => subject)).toEqual([surviving]);
  expect(requests.flatMap(({ items }) => items.flatMap((item) => item.ids))).toEqual(ids);
});

test('what either consent denies stays, and the entry says of it that it was not given', async () => {
  denyUnder(former, 'Observation');
  expect((await inEmergency('Observation/of-p-old')).status).toBe(404);
  const everything = bundleOf(await inEmergency('Patient/p-old/$everything'));
  expect(everything.entry?.map(({ resource }) => resource.id)).toEqual(['p-old']);
  const items = hospital.recorder.requests[1]?.items;
  expect(items?.map(({ type, count, ids, further }) => [type, count, ids, further])).toEqual([
    ['Patient', 1, ['p-old'], undefined],
    ['Observation', 0, [], 1],
  ]);
  denyUnder(surviving);
  expect((await inEmergency('Observation/of-p-old')).status).toBe(404);
  expect(hospital.recorder.requests.every(({ subject }) => subject === surviving)).toBe(true);
});

test('while the consent under the old number cannot be asked, the surviving record opens and the old one does not', async () => {
  hospital.recorder.evaluate = () =>
    Promise.reject(new AppError('LEDGER_UNAVAILABLE', 'the own peer is away'));
  expect((await inEmergency('Observation/of-p1')).status).toBe(200);
  expect(hospital.recorder.requests.pop()?.subject).toBe(surviving);
  expect((await inEmergency('Observation/of-p-old')).status).toBe(503);
  expect(hospital.recorder.requests).toEqual([]);
});

test('an incomplete emergency for a merged record is refused as for an absent one', async () => {
  const answers = await Promise.all(
    ['Patient/p-old', 'Patient/nobody'].map((path) => hospital.get(path, { purpose: 'BTG' })),
  );
  expect(answers.map(({ status }) => status)).toEqual([400, 400]);
  expect(answers[0]?.text).toBe(answers[1]?.text);
});

test('the step is one: of a surviving record that was replaced itself, its own number counts', async () => {
  const replaced = { link: [{ other: { reference: 'Patient/p2' }, type: 'replaced-by' }] };
  hold([patient('p1', '999-11-1111', replaced), patient('p2', '999-22-2222')]);
  expect((await inEmergency('Observation/of-p-old')).status).toBe(200);
  expect(hospital.recorder.requests.map(({ subject }) => subject)).toEqual([surviving]);
});

test('a surviving record of another base, or that is gone, is not followed: the old number decides', async () => {
  for (const reference of ['https://elsewhere.example.org/fhir/Patient/p1', 'Patient/gone']) {
    hold([{ ...(records[0] as FhirResource), link: [{ other: { reference }, type: 'replaced-by' }] }]);
    expect((await inEmergency('Observation/of-p-old')).status).toBe(200);
    expect(hospital.recorder.requests.pop()?.subject).toBe(former);
    denyUnder(former);
    expect((await inEmergency('Observation/of-p-old')).status).toBe(404);
    denyUnder('nobody');
    hospital.recorder.requests.length = 0;
  }
});

test('a surviving record that cannot be read is not passed over', async () => {
  server.answers['Patient/p1'] = (response) => {
    response.writeHead(500).end();
  };
  expect((await inEmergency('Observation/of-p-old')).status).toBe(502);
  expect(hospital.recorder.requests).toEqual([]);
});

test('links: those to the same person stay, others keep their type alone, and the resource says that it is a part', async () => {
  const twin = { other: { reference: 'Patient/twin' }, type: 'seealso' };
  const stranger = { other: { reference: 'Patient/alone', display: 'A Stranger' }, type: 'refer' };
  hold([
    patient('twin', '999-11-1111'),
    patient('p1', '999-11-1111', { link: [twin, stranger], meta: { tag: [{ code: 'kept' }] } }),
  ]);
  const response = await hospital.get('Patient/p1');
  const given = JSON.parse(response.text) as FhirResource & { meta: { tag: { code: string }[] } };
  expect(given['link']).toEqual([
    twin,
    {
      other: {
        extension: [
          { url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'masked' },
        ],
      },
      type: 'refer',
    },
  ]);
  expect(given.meta.tag.map(({ code }) => code)).toEqual(['kept', 'SUBSETTED']);
  expect(response.text).not.toContain('Stranger');
  // The tag is the gateway's, so it does not make the labels untold.
  expect(hospital.recorder.requests[0]?.items[0]?.labels).toEqual([]);
});

test('links to the same person alone leave the resource as it is, in a search as well', async () => {
  const link = [{ other: { reference: `${server.baseUrl}/Patient/twin` }, type: 'seealso' }];
  hold([patient('twin', '999-11-1111'), patient('p1', '999-11-1111', { link })]);
  server.answers['Patient'] = searchset([patient('p1', '999-11-1111', { link })]);
  for (const path of ['Patient?_id=p1', `Patient?identifier=${SSN}|999111111`]) {
    const [entry] = bundleOf(await hospital.get(path)).entry ?? [];
    expect(entry?.resource['link']).toEqual([{ other: { reference: 'Patient/twin' }, type: 'seealso' }]);
    expect(entry?.resource['meta']).toBeUndefined();
  }
});
