// SPDX-License-Identifier: Apache-2.0
/** Distinctive names and ids go in; blocks, public state, events, logs and metrics are searched for them. */
import { NORTH, SOUTH } from '../../gateway/src/demo/cast';
import { consent, entriesOf, type Product, startProduct } from './support/product';

jest.setTimeout(60_000);

const PERSON = {
  id: 'urn:oid:2.16.840.1.113883.4.6#7719234455',
  name: 'Dr. Quintessa Vandermolen',
  role: 'neurochirurgien-zq',
};
const REASON = 'Zanzibar protocol invoked at the roadside';
let product: Product;
let haystack: string;

beforeAll(async () => {
  product = await startProduct();
  const record = product.record(NORTH.mspId, 'alberto');
  const patient = await product.patient('alberto');
  await consent(patient, {
    rules: [{ id: 'rule-xylophone', effect: 'permit', user: PERSON.id, org: NORTH.mspId }],
    default: 'deny',
  });
  const here = product.hospitals.client(NORTH.mspId, NORTH.mspId);
  const errand = { practitioner: PERSON, purpose: 'TREAT' };
  await here.get(`Observation?patient=${record.patientId}`, errand);
  await here.get(`Patient/${record.patientId}`, errand);
  await here.get(
    `Patient?identifier=${encodeURIComponent(`${record.identifier.system}|${record.identifier.value}`)}`,
    errand,
  );
  await here.get(`Observation?patient=${record.patientId}&code=quarrelsome`, errand);
  await here.get(`Observation?code=7719234455`, errand);
  await product.hospitals
    .client(SOUTH.mspId, NORTH.mspId)
    .get(`Condition?patient=${record.patientId}`, { practitioner: PERSON, purpose: 'BTG', reason: REASON });
  await entriesOf(patient, 4);
  haystack = await everythingPublic();
});
afterAll(async () => {
  await product.close();
});

/** Blocks as any channel member pulls them, what the services log, and what they tell a monitoring system. */
async function everythingPublic(): Promise<string> {
  const { demo } = product;
  const metrics = await Promise.all(
    demo.file.operationsUrls.map(async (url) => (await fetch(`${url}/metrics`)).text()),
  );
  return [product.logs(), ...metrics, ...(await product.blocks(SOUTH.mspId))].join('\n');
}

it('looks where something can be found', () => {
  expect(haystack).toContain('AccessRecorded');
  expect(haystack).toContain('ConsentChanged');
  expect(haystack).toContain('"route":"/fhir');
  expect(haystack).toContain('chartwitness_http_request_seconds');
});

it.each([
  ['the person’s name', PERSON.name],
  ['the person’s id', '7719234455'],
  ['the person’s role', PERSON.role],
  ['the reason', 'Zanzibar'],
  ['the patient’s family name', 'Atencio'],
  ['the patient’s given name', 'Alberto'],
  ['the national identifier', '999-61-3984'],
  ['a rule of the consent', 'xylophone'],
  ['a search parameter', 'quarrelsome'],
])('blocks, logs and metrics do not hold %s', (_what, needle) => {
  expect(haystack.includes(needle)).toBe(false);
});

it('nor the patient’s id at the hospital, nor a resource’s', async () => {
  const patient = await product.patient('alberto');
  const ids = (await entriesOf(patient, 4)).flatMap((entry) => entry.items.flatMap((item) => item.ids));
  expect(ids.length).toBeGreaterThan(30);
  for (const id of [product.record(NORTH.mspId, 'alberto').patientId, ...ids]) {
    expect(haystack.includes(id)).toBe(false);
  }
});
