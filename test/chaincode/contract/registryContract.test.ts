// SPDX-License-Identifier: Apache-2.0
import type { ClientApplication, Organisation } from '@chartwitness/chaincode/domain';
import { FakePeer, type Result } from '../support/fakePeer';
import type { Identity } from '../support/identities';
import {
  type Callers,
  clientOf,
  createCallers,
  createNetwork,
  JWK,
  organisationOf,
  SETTINGS,
} from '../support/network';

let callers: Callers;
let peer: FakePeer;
beforeAll(async () => {
  callers = await createCallers();
});
beforeEach(async () => {
  peer = await createNetwork(callers);
});

const call = (as: Identity, ...args: string[]): Promise<Result> => peer.evaluate({ as, args });
const submit = (as: Identity, ...args: string[]): Promise<Result> => peer.submit({ as, args });
async function refused(as: Identity, code: string, ...args: string[]): Promise<Result> {
  const result = await call(as, ...args);
  expect(result.message.split('|')[0]).toBe(code);
  expect(result.status).toBe(500);
  expect(result.writes).toEqual([]);
  return result;
}
async function read(...args: string[]): Promise<unknown> {
  const result = await call(callers.stranger, ...args);
  expect(result.status).toBe(200);
  return JSON.parse(result.payload) as unknown;
}
const organisations = (): Promise<Organisation[]> =>
  read('Registry:ListOrganisations') as Promise<Organisation[]>;
const client = (id: string): Promise<ClientApplication> =>
  read('Registry:GetClient', id) as Promise<ClientApplication>;

describe('Initialise', () => {
  test('sets the network up once, by the trustee that the settings name', async () => {
    peer = new FakePeer();
    const settings = JSON.stringify(SETTINGS);
    await refused(callers.trustee, 'NOT_INITIALISED', 'Registry:GetSettings');
    await refused(callers.north, 'NOT_ALLOWED', 'Registry:Initialise', settings);
    await refused(callers.trusteeAsHolder, 'NOT_ALLOWED', 'Registry:Initialise', settings);
    await refused(callers.trustee, 'INVALID_INPUT', 'Registry:Initialise', '{"trustee":"TrusteeMSP"}');
    await refused(callers.trustee, 'INVALID_INPUT', 'Registry:Initialise', 'not json');
    const done = await submit(callers.trustee, 'Registry:Initialise', settings);
    expect(done.event).toEqual({ name: 'RegistryChanged', payload: '{"id":"TrusteeMSP","kind":"settings"}' });
    expect(await read('Registry:GetSettings')).toEqual(SETTINGS);
    await refused(callers.trustee, 'CONFLICT', 'Registry:Initialise', settings);
  });

  test.each(['AdmitOrganisation', 'PutClient'])('%s waits for it', async (name) => {
    peer = new FakePeer();
    await refused(callers.trustee, 'NOT_INITIALISED', `Registry:${name}`, '{}');
  });
});

describe('AdmitOrganisation', () => {
  const admit = (organisation: object): string[] => [
    'Registry:AdmitOrganisation',
    JSON.stringify(organisation),
  ];
  const east = organisationOf('EastMSP', 'holder');

  test('adds an active organisation, listed by MSP id', async () => {
    const done = await submit(callers.trustee, ...admit(east));
    expect(done.event?.payload).toBe('{"id":"EastMSP","kind":"organisation"}');
    expect((await organisations()).map(({ mspId, status }) => [mspId, status])).toEqual([
      ['EastMSP', 'active'],
      ['NorthHospitalMSP', 'active'],
      ['SouthClinicMSP', 'active'],
      ['TrusteeMSP', 'active'],
    ]);
  });

  test('again changes nothing', async () => {
    await submit(callers.trustee, ...admit(east));
    const before = peer.entries();
    await submit(callers.trustee, ...admit(east));
    expect(peer.entries()).toEqual(before);
  });

  test('updates name and identifiers, and keeps a suspension', async () => {
    const before = await organisations();
    await submit(callers.trustee, 'Registry:SetOrganisationStatus', 'NorthHospitalMSP', 'suspended');
    const renamed = {
      ...organisationOf('NorthHospitalMSP', 'holder'),
      name: 'New',
      identifiers: ['urn:new:1'],
    };
    await submit(callers.trustee, ...admit(renamed));
    const after = await organisations();
    expect(after[0]).toEqual({ ...renamed, status: 'suspended' });
    expect(after.slice(1)).toEqual(before.slice(1));
  });

  test('keeps identifiers apart, and frees those given up', async () => {
    const taken = { ...east, identifiers: ['https://northhospitalmsp.example.org'] };
    await refused(callers.trustee, 'CONFLICT', ...admit(taken));
    await submit(
      callers.trustee,
      ...admit({ ...organisationOf('NorthHospitalMSP', 'holder'), identifiers: [] }),
    );
    await submit(callers.trustee, ...admit(taken));
    await refused(callers.trustee, 'CONFLICT', ...admit(organisationOf('NorthHospitalMSP', 'holder')));
  });

  test('is the trustee’s alone, and knows one trustee', async () => {
    await refused(callers.north, 'NOT_ALLOWED', ...admit(east));
    await refused(callers.northAsTrustee, 'NOT_ALLOWED', ...admit(east));
    await refused(callers.trusteeAsHolder, 'NOT_ALLOWED', ...admit(east));
    await refused(callers.trustee, 'INVALID_INPUT', ...admit(organisationOf('EastMSP', 'trustee')));
    await refused(callers.trustee, 'INVALID_INPUT', ...admit(organisationOf('TrusteeMSP', 'holder')));
    await refused(callers.trustee, 'INVALID_INPUT', ...admit({ ...east, status: 'active' }));
  });
});

describe('SetOrganisationStatus', () => {
  const set = (mspId: string, status: string): string[] => ['Registry:SetOrganisationStatus', mspId, status];

  test('suspends and readmits', async () => {
    await submit(callers.trustee, ...set('NorthHospitalMSP', 'suspended'));
    await refused(callers.north, 'SUSPENDED', 'Registry:PutClient', JSON.stringify(clientOf('north-2')));
    await submit(callers.trustee, ...set('NorthHospitalMSP', 'active'));
    await submit(callers.north, 'Registry:PutClient', JSON.stringify(clientOf('north-2')));
  });

  test('refuses', async () => {
    await refused(callers.south, 'NOT_ALLOWED', ...set('NorthHospitalMSP', 'suspended'));
    await refused(callers.north, 'NOT_ALLOWED', ...set('NorthHospitalMSP', 'active'));
    await refused(callers.trustee, 'NOT_ALLOWED', ...set('TrusteeMSP', 'suspended'));
    await refused(callers.trustee, 'NOT_FOUND', ...set('EastMSP', 'suspended'));
    await refused(callers.trustee, 'NOT_FOUND', ...set('', 'suspended'));
    await refused(callers.trustee, 'INVALID_INPUT', ...set('NorthHospitalMSP', 'gone'));
  });
});

describe('client applications', () => {
  const put = (input: object): string[] => ['Registry:PutClient', JSON.stringify(input)];

  test('belong to the caller’s organisation and are active', async () => {
    const done = await submit(callers.north, ...put(clientOf('north-2')));
    expect(done.event).toEqual({ name: 'RegistryChanged', payload: '{"id":"north-2","kind":"client"}' });
    expect(await client('north-2')).toEqual({
      ...clientOf('north-2'),
      org: 'NorthHospitalMSP',
      status: 'active',
    });
    expect(await read('Registry:ListClients', 'NorthHospitalMSP')).toHaveLength(2);
    expect(await read('Registry:ListClients', 'SouthClinicMSP')).toMatchObject([{ clientId: 'south-ehr' }]);
    expect(await read('Registry:ListClients', 'NobodyMSP')).toEqual([]);
  });

  test('get new keys, and keep a suspension', async () => {
    await submit(callers.north, 'Registry:SetClientStatus', 'north-ehr', 'suspended');
    await submit(
      callers.north,
      ...put({ ...clientOf('north-ehr'), jwks: { keys: [{ ...JWK, kid: 'key-2' }] } }),
    );
    expect(await client('north-ehr')).toMatchObject({
      status: 'suspended',
      jwks: { keys: [{ kid: 'key-2' }] },
    });
    await submit(callers.north, 'Registry:SetClientStatus', 'north-ehr', 'active');
    expect(await client('north-ehr')).toMatchObject({ status: 'active' });
  });

  test('may be the trustee’s, too', async () => {
    await submit(callers.trustee, ...put(clientOf('portal')));
    expect(await client('portal')).toMatchObject({ org: 'TrusteeMSP' });
  });

  test('are nobody else’s to take, change or suspend', async () => {
    await refused(callers.south, 'CONFLICT', ...put(clientOf('north-ehr')));
    await refused(callers.trustee, 'CONFLICT', ...put(clientOf('north-ehr')));
    await refused(callers.south, 'NOT_ALLOWED', 'Registry:SetClientStatus', 'north-ehr', 'suspended');
    await refused(callers.trustee, 'NOT_ALLOWED', 'Registry:SetClientStatus', 'north-ehr', 'suspended');
    expect(await client('north-ehr')).toMatchObject({ org: 'NorthHospitalMSP', status: 'active' });
  });

  test('refuse', async () => {
    await refused(callers.stranger, 'NOT_ALLOWED', ...put(clientOf('x')));
    await refused(callers.northWithoutRole, 'NOT_ALLOWED', ...put(clientOf('x')));
    await refused(callers.northAsTrustee, 'NOT_ALLOWED', ...put(clientOf('x')));
    await refused(callers.north, 'INVALID_INPUT', ...put({ ...clientOf('x'), org: 'SouthClinicMSP' }));
    await refused(
      callers.north,
      'INVALID_INPUT',
      ...put({ ...clientOf('x'), jwks: { keys: [{ ...JWK, d: 'c2VjcmV0' }] } }),
    );
    await refused(callers.north, 'INVALID_INPUT', 'Registry:PutClient', `"${'x'.repeat(262_143)}"`);
    await refused(callers.north, 'NOT_FOUND', 'Registry:SetClientStatus', 'nobody', 'suspended');
    await refused(callers.north, 'INVALID_INPUT', 'Registry:SetClientStatus', 'north-ehr', '');
    await refused(callers.north, 'NOT_FOUND', 'Registry:GetClient', 'nobody');
    await refused(callers.north, 'NOT_FOUND', 'Registry:GetClient', '');
  });

  test('are listed whole beyond one answer of the peer', async () => {
    for (let i = 0; i < 130; i++) {
      await submit(callers.south, ...put(clientOf(`c${String(i).padStart(3, '0')}`)));
    }
    const all = (await read('Registry:ListClients', 'SouthClinicMSP')) as ClientApplication[];
    expect(all.map(({ clientId }) => clientId)).toHaveLength(131);
    expect(all.at(-2)?.clientId).toBe('c129');
  });
});

test('stored values that lost their form are reported as corrupt, not used', async () => {
  peer.commit({
    writes: [{ collection: '', key: 'settings', value: Buffer.from('{"trustee":"NorthHospitalMSP"}') }],
  });
  await refused(callers.north, 'CORRUPT', 'Registry:GetSettings');
  await refused(callers.north, 'CORRUPT', 'Registry:AdmitOrganisation', '{}');
  peer.commit({ writes: [{ collection: '', key: 'settings', value: Buffer.from('{') }] });
  await refused(callers.north, 'CORRUPT', 'Registry:GetSettings');
});

test('an unknown transaction and a wrong number of arguments are refused', async () => {
  expect((await call(callers.north, 'Registry:Nothing')).status).toBe(500);
  expect((await call(callers.north, 'Registry:GetClient')).status).toBe(500);
  expect((await call(callers.north, 'Registry:createContext')).status).toBe(500);
});
