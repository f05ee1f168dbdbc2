// SPDX-License-Identifier: Apache-2.0
/**
 * The main job over HTTP against the whole running product; after each request the patient's list holds
 * exactly the right entries.
 */
import request from 'supertest';
import type { AccessEntry, ConsentRule } from '../../gateway/src/api/schemas';
import { NORTH, SOUTH } from '../../gateway/src/demo/cast';
import type { Answer, Errand } from '../../gateway/src/demo/hospitalClient';
import { readObservations } from '../../scripts/examples/readObservations';
import { consent, entriesOf, type Product, startProduct, until } from './support/product';

jest.setTimeout(60_000);

let product: Product;
beforeAll(async () => {
  product = await startProduct();
});
afterAll(async () => {
  await product.close();
});

const OWN_HOSPITAL: ConsentRule = { id: 'own', effect: 'permit', org: '@holder', purposes: ['TREAT'] };

interface Asked {
  readonly answer: Answer;
  /** What this request added to the list, newest first. */
  readonly added: readonly AccessEntry[];
}

/** One request at a hospital, and what it added to the patient's list. */
async function ask(
  username: string,
  path: (id: string) => string,
  options: { holder?: string; asker?: string; errand?: Partial<Errand>; adds?: number } = {},
): Promise<Asked> {
  const { holder = NORTH.mspId, asker = holder, adds = 1 } = options;
  const patient = await product.patient(username);
  const before = await entriesOf(patient, 0);
  const errand = {
    practitioner: product.hospitals.practitioner(asker, 'doctor'),
    purpose: 'TREAT',
    ...options.errand,
  };
  const id = product.record(holder, username).patientId;
  const answer = await product.hospitals.client(asker, holder).get(path(id), errand);
  const after = await entriesOf(patient, before.length + adds);
  expect(after.slice(after.length - before.length)).toEqual(before);
  return { answer, added: after.slice(0, after.length - before.length) };
}

function resources(answer: Answer): { resourceType: string }[] {
  const { entry = [] } = answer.body as { entry?: { resource: { resourceType: string } }[] };
  return entry.map(({ resource }) => resource);
}

const observations = (id: string): string => `Observation?patient=${id}`;

describe('a request for a patient', () => {
  it('without a consent on file follows the default of the network: own staff may treat', async () => {
    const { answer, added } = await ask('michael', observations);
    expect(answer.status).toBe(200);
    expect(resources(answer)).toHaveLength(59);
    expect(added).toEqual([
      expect.objectContaining({
        holder: NORTH.mspId,
        outcome: 'permit',
        purpose: 'TREAT',
        action: 'search',
        emergency: null,
        requester: {
          organisation: { mspId: NORTH.mspId, name: NORTH.name },
          person: NORTH.practitioners[0],
          clientId: NORTH.clientId,
        },
        items: expect.arrayContaining([
          expect.objectContaining({
            type: 'Observation',
            decision: 'permit',
            basis: { kind: 'networkDefault', rule: 'own-staff-treatment' },
          }),
        ]) as unknown,
      }),
    ]);
    expect(added[0]?.items.reduce((sum, item) => sum + item.count, 0)).toBe(59);
  });

  it('and refuses what that default does not cover', async () => {
    const { answer, added } = await ask('michael', observations, { asker: SOUTH.mspId });
    expect(answer.body).toMatchObject({ resourceType: 'Bundle', total: 0 });
    expect(resources(answer)).toEqual([]);
    expect(added).toEqual([expect.objectContaining({ outcome: 'deny' })]);
    expect(added[0]?.items.map((item) => item.basis)).toEqual(
      added[0]?.items.map(() => ({ kind: 'networkDefault' })),
    );
  });

  it('that nobody knows adds nothing to any list', async () => {
    const { answer, added } = await ask('michael', () => 'Observation?patient=nobody', { adds: 0 });
    expect(answer).toMatchObject({ status: 200, body: { resourceType: 'Bundle', total: 0 } });
    expect(added).toEqual([]);
  });

  it('is permitted by a rule, which the entry names with its version', async () => {
    await consent(await product.patient('edward'), { rules: [OWN_HOSPITAL], default: 'deny' });
    const { answer, added } = await ask('edward', observations);
    expect(resources(answer)).toHaveLength(32);
    expect(added[0]?.items[0]?.basis).toEqual({ kind: 'rule', version: 1, rule: 'own' });
    expect(added[0]?.ledger).toEqual({
      lane: `${NORTH.mspId}/main`,
      number: expect.any(Number) as number,
      seq: expect.any(Number) as number,
      index: expect.any(Number) as number,
      transactionId: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      block: expect.any(Number) as number,
    });
  });

  it('is released in part when a rule closes a label', async () => {
    await consent(await product.patient('alberto'), {
      rules: [{ id: 'psy', effect: 'deny', labels: ['PSY'] }, OWN_HOSPITAL],
      default: 'deny',
    });
    const { answer, added } = await ask('alberto', (id) => `MedicationRequest?patient=${id}`);
    expect(resources(answer)).toHaveLength(1);
    expect(answer.body).toMatchObject({ total: 1 });
    expect(JSON.stringify(answer.body)).not.toContain('Clonazepam');
    expect(added[0]?.outcome).toBe('partial');
    expect(added[0]?.items.filter((item) => item.decision === 'deny')).toEqual([
      expect.objectContaining({
        count: 1,
        labels: expect.arrayContaining(['PSY']) as string[],
        basis: { kind: 'rule', version: 1, rule: 'psy' },
      }),
    ]);
  });

  it('obeys a changed consent with the very next request', async () => {
    const patient = await product.patient('edward');
    expect(resources((await ask('edward', observations)).answer)).not.toEqual([]);
    await consent(patient, { rules: [], default: 'deny' });
    const refused = await ask('edward', observations);
    expect(resources(refused.answer)).toEqual([]);
    expect(refused.added[0]?.items[0]?.basis).toEqual({ kind: 'default', version: 2 });
    await consent(patient, { rules: [OWN_HOSPITAL], default: 'deny' });
    expect(resources((await ask('edward', observations)).answer)).not.toEqual([]);
  });
});

describe('a denial', () => {
  it('reads like absence, to the byte', async () => {
    await consent(await product.patient('edward'), { rules: [], default: 'deny' });
    const id = product.record(NORTH.mspId, 'edward').patientId;
    const denied = await ask('edward', () => `Patient/${id}`);
    const absent = await ask('edward', () => 'Patient/nobody', { adds: 0 });
    expect(denied.answer).toEqual(absent.answer);
    expect(denied.answer.status).toBe(404);
    await consent(await product.patient('edward'), { rules: [OWN_HOSPITAL], default: 'deny' });
  });
});

describe('break-glass', () => {
  const reason = 'Unconscious, no history available';
  const emergency = { purpose: 'BTG', reason };

  it('overrides a denial and says why', async () => {
    await consent(await product.patient('chet'), { rules: [], default: 'deny' });
    const { answer, added } = await ask('chet', observations, { asker: SOUTH.mspId, errand: emergency });
    expect(resources(answer)).toHaveLength(50);
    expect(added).toEqual([
      expect.objectContaining({ outcome: 'permit', purpose: 'BTG', emergency: { reason }, late: false }),
    ]);
    expect(added[0]?.items[0]?.basis).toMatchObject({ kind: 'emergency', version: 1 });
  });

  it.each([
    ['without a reason', { purpose: 'BTG' }],
    ['with a reason of nine characters', { purpose: 'BTG', reason: '123456789' }],
    ['with a reason of 501 characters', { purpose: 'ETREAT', reason: 'x'.repeat(501) }],
  ])('%s is refused, releases nothing and is recorded', async (_what, errand) => {
    const { answer, added } = await ask('chet', observations, { asker: SOUTH.mspId, errand });
    expect(answer).toMatchObject({ status: 400, body: { resourceType: 'OperationOutcome' } });
    expect(added).toEqual([expect.objectContaining({ outcome: 'deny', emergency: null })]);
    expect(added[0]?.items[0]?.basis).toEqual({ kind: 'refused', reason: 'emergencyIncomplete' });
  });

  it('without a named person is refused and recorded', async () => {
    const client = product.hospitals.client(SOUTH.mspId, NORTH.mspId);
    const patient = await product.patient('chet');
    const before = await entriesOf(patient, 0);
    const answer = await client.get(observations(product.record(NORTH.mspId, 'chet').patientId), emergency);
    expect(answer.status).toBe(400);
    const [entry] = await entriesOf(patient, before.length + 1);
    expect(entry).toMatchObject({ outcome: 'deny', requester: { person: null } });
  });

  it('does not override a rule that holds in emergencies', async () => {
    await consent(await product.patient('chet'), {
      rules: [{ id: 'never', effect: 'deny', holdsInEmergency: true }],
      default: 'deny',
    });
    const { answer, added } = await ask('chet', observations, { asker: SOUTH.mspId, errand: emergency });
    expect(resources(answer)).toEqual([]);
    expect(added).toEqual([expect.objectContaining({ outcome: 'deny', emergency: { reason } })]);
    expect(added[0]?.items[0]?.basis).toEqual({ kind: 'rule', version: 2, rule: 'never' });
  });
});

describe('the registry', () => {
  it('refuses a suspended client and a suspended organisation everywhere, and takes them back', async () => {
    const south = product.demo.ledger(SOUTH.mspId);
    const trustee = product.demo.ledger('TrusteeMSP');
    const client = product.hospitals.client(SOUTH.mspId, SOUTH.mspId);
    const errand = { practitioner: product.hospitals.practitioner(SOUTH.mspId, 'doctor'), purpose: 'TREAT' };
    const path = observations(product.record(SOUTH.mspId, 'ned').patientId);
    const patient = await product.patient('ned');
    expect((await client.get(path, errand)).status).toBe(200);
    const before = await entriesOf(patient, 1);

    await south.setClientStatus(SOUTH.clientId, 'suspended');
    const withLiveToken = await client.get(path, errand);
    expect(resources(withLiveToken)).toEqual([]);
    await expect(client.token({ ...errand, purpose: 'HPAYMT' })).rejects.toThrow('invalid_client');
    await south.setClientStatus(SOUTH.clientId, 'active');

    await trustee.setOrganisationStatus(SOUTH.mspId, 'suspended');
    expect(resources(await client.get(path, errand))).toEqual([]);
    await trustee.setOrganisationStatus(SOUTH.mspId, 'active');

    // South's gateway hears of it when its own peer has the trustee's block.
    const again = await until(
      () => client.get(path, errand),
      ({ status }) => status === 200,
    );
    expect(again.status).toBe(200);
    const after = await entriesOf(patient, before.length + 1);
    expect(after.filter((entry) => entry.outcome === 'permit')).toHaveLength(before.length + 1);
  });
});

it('the example of the README runs', async () => {
  const [access] = product.demo.file.hospitals;
  const { patientId } = product.record(NORTH.mspId, 'michael');
  expect(access).toBeDefined();
  if (access !== undefined) {
    expect((await readObservations(access, patientId)).total).toBe(59);
  }
});

it('a request without a token is refused before anything is looked up', async () => {
  const patient = await product.patient('michael');
  const before = await entriesOf(patient, 0);
  const fhir = new URL(product.demo.file.hospitals[0]?.fhirBaseUrl ?? '');
  await request(fhir.origin)
    .get(`/fhir/Observation?patient=${product.record(NORTH.mspId, 'michael').patientId}`)
    .expect(401);
  expect(await entriesOf(patient, 0)).toEqual(before);
});
