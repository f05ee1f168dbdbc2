// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { registryCommand } from '../../../gateway/src/commands/registry';
import { ConfigError } from '../../../gateway/src/config/configError';
import type { Environment } from '../../../gateway/src/config/environment';
import { CLIENT, NORTH, SOUTH, startTestNetwork, type TestNetwork, TRUSTEE } from '../ledger/network';
import { runCommand } from './testIo';

jest.setTimeout(60_000);

let net: TestNetwork;
const folder = mkdtempSync(join(tmpdir(), 'registry-command-'));
beforeAll(async () => {
  net = await startTestNetwork(false);
});
afterAll(async () => {
  await net.close();
  rmSync(folder, { recursive: true });
});

const as = (mspId: string, ...line: string[]): Promise<string> =>
  runCommand(registryCommand, net.environment(mspId), line);

const admission = (mspId: string, role = 'holder'): string[] => [
  ...['admit', '--msp-id', mspId, '--role', role, '--name', `Name of ${mspId}`],
  ...['--identifier', `https://${mspId}.example`],
];

function jwksFile(name: string, keys: readonly unknown[]): string {
  const file = join(folder, name);
  writeFileSync(file, JSON.stringify({ keys }));
  return file;
}

const registration = (jwks: string, clientId = CLIENT.clientId): string[] => [
  ...['client', 'put', '--client-id', clientId, '--name', CLIENT.name, '--jwks', jwks],
];

const INITIALISE = ['initialise', '--identifier-system', 'us-ssn http://hl7.org/fhir/sid/us-ssn'];

describe('before the network is set up', () => {
  it('list says so', async () => {
    expect(await as(NORTH, 'list')).toContain('Not set up yet');
    expect(JSON.parse(await as(NORTH, 'list', '--json'))).toEqual({ settings: null, organisations: [] });
  });

  it('nobody can be admitted, and the message names the first step', async () => {
    await expect(as(TRUSTEE, ...admission(NORTH))).rejects.toThrow('chartwitness registry initialise');
  });

  it('a holder cannot set it up', async () => {
    await expect(as(NORTH, ...INITIALISE)).rejects.toThrow(
      /refused this to NorthHospitalMSP.*chartwitness\.role/s,
    );
    expect(await net.trustee.findSettings()).toBeUndefined();
  });

  it('a policy that is none is refused before anything is sent', async () => {
    const file = join(folder, 'policy.json');
    writeFileSync(file, '{"rules": [], "default": "perhaps"}');
    await expect(as(TRUSTEE, ...INITIALISE, '--default-policy', file)).rejects.toThrow(
      /--default-policy.*default/s,
    );
    await expect(as(TRUSTEE, ...INITIALISE, '--default-policy', join(folder, 'none'))).rejects.toThrow(
      'ENOENT',
    );
    expect(await net.trustee.findSettings()).toBeUndefined();
  });
});

describe('a network', () => {
  it.each([
    ['no identifier system', [], /--identifier-system/],
    ['a form that nobody knows', ['--identifier-system', 'ssn urn:x'], /identifierSystems\[0\]\.form/],
    ['no URI', ['--identifier-system', 'text'], /identifierSystems\[0\]\.system/],
    [
      'a URI twice',
      ['--identifier-system', 'text urn:x:1', '--identifier-system', 'us-ssn urn:x:2 URN:X:1/'],
      /each URI once/,
    ],
  ])('is not set up with %s', async (_what, flags, problem) => {
    await expect(as(TRUSTEE, 'initialise', ...flags)).rejects.toThrow(problem);
    expect(await net.trustee.findSettings()).toBeUndefined();
  });

  it('is set up once; again changes nothing', async () => {
    expect(await as(TRUSTEE, ...INITIALISE)).toBe('The network is set up. Its trustee is TrusteeMSP.');
    expect(await as(TRUSTEE, ...INITIALISE)).toContain('nothing to change');
  });

  it('is not set up again with another policy or by another organisation', async () => {
    const file = join(folder, 'closed.json');
    writeFileSync(file, '{"rules": [], "default": "deny"}');
    await expect(as(TRUSTEE, ...INITIALISE, '--default-policy', file)).rejects.toThrow('cannot be changed');
    await expect(as(NORTH, ...INITIALISE)).rejects.toThrow('its trustee is TrusteeMSP, not NorthHospitalMSP');
  });

  it('admits organisations; again changes nothing, other words change it', async () => {
    for (const [mspId, role] of [
      [TRUSTEE, 'trustee'],
      [NORTH, 'holder'],
      [SOUTH, 'holder'],
    ] as const) {
      expect(await as(TRUSTEE, ...admission(mspId, role))).toBe(`${mspId} is admitted.`);
    }
    expect(await as(TRUSTEE, ...admission(NORTH))).toContain('nothing to change');
    expect(await as(TRUSTEE, ...admission(NORTH), 'urn:oid:1.2.3')).toContain('is changed; it stays active');
    expect(await as(SOUTH, 'list')).toContain('https://NorthHospitalMSP.example urn:oid:1.2.3');
  });

  it.each([
    ['a holder', () => as(NORTH, ...admission('EvilMSP')), /refused this to NorthHospitalMSP/],
    ['a second trustee', () => as(TRUSTEE, ...admission('EvilMSP', 'trustee')), /TrusteeMSP, and no other/],
    ['an identifier that is no URI', () => as(TRUSTEE, ...admission('EvilMSP'), 'no uri'), /identifiers/],
    [
      'an identifier that another one has',
      () => as(TRUSTEE, ...admission('EvilMSP'), `https://${NORTH}.example`),
      /NorthHospitalMSP already has/,
    ],
    ['an unknown role', () => as(TRUSTEE, ...admission('EvilMSP', 'king')), /king/],
  ])('does not admit: %s', async (_what, attempt, problem) => {
    await expect(attempt()).rejects.toThrow(problem);
    expect((await net.trustee.organisations()).map(({ mspId }) => mspId)).not.toContain('EvilMSP');
  });

  it('suspends and takes back; again changes nothing', async () => {
    expect(await as(TRUSTEE, 'suspend', SOUTH)).toBe('SouthClinicMSP is suspended.');
    expect(await as(TRUSTEE, 'suspend', SOUTH)).toContain('nothing to change');
    await expect(as(SOUTH, ...registration(jwksFile('south', CLIENT.jwks.keys)))).rejects.toThrow(
      /suspended.*registry activate/s,
    );
    expect(await as(TRUSTEE, 'activate', SOUTH)).toBe('SouthClinicMSP is active.');
    expect(await as(TRUSTEE, 'activate', SOUTH)).toContain('nothing to change');
  });

  it.each([
    ['a holder may not', () => as(NORTH, 'suspend', SOUTH)],
    ['the trustee itself', () => as(TRUSTEE, 'suspend', TRUSTEE)],
    ['an organisation that is not there', () => as(TRUSTEE, 'suspend', 'NobodyMSP')],
  ])('suspends nobody: %s', async (_what, attempt) => {
    await expect(attempt()).rejects.toThrow('The ledger refused this');
    expect((await net.trustee.organisations()).map(({ status }) => status)).toEqual([
      'active',
      'active',
      'active',
    ]);
  });
});

describe('client applications', () => {
  const [key] = CLIENT.jwks.keys;

  it('are registered by their own organisation; again changes nothing, another key changes them', async () => {
    const file = jwksFile('one', [key]);
    expect(await as(NORTH, ...registration(file))).toBe('north-ward is registered.');
    expect(await as(NORTH, ...registration(file))).toContain('nothing to change');
    const rotated = jwksFile('two', [key, { ...key, kid: 'k2' }]);
    expect(await as(NORTH, ...registration(rotated))).toContain('is changed; it stays active');
    expect(await as(SOUTH, 'client', 'list', '--org', NORTH)).toMatch(/north-ward .* keys k1 k2/);
    expect(await as(SOUTH, 'client', 'list')).toBe('SouthClinicMSP has no client applications.');
    expect(JSON.parse(await as(NORTH, 'client', 'list', '--json'))).toMatchObject([
      { clientId: 'north-ward' },
    ]);
  });

  it.each([
    [
      'a private key',
      () => as(NORTH, ...registration(jwksFile('private', [{ ...key, d: 'secret' }]), 'x')),
      /private key/,
    ],
    ['no JSON', () => as(NORTH, ...registration(__filename, 'x')), /cannot be used/],
    ['an id with a space', () => as(NORTH, ...registration(jwksFile('ok', [key]), 'x y')), /clientId/],
    [
      'an id of another organisation',
      () => as(SOUTH, ...registration(jwksFile('ok', [key]))),
      /another organisation/,
    ],
  ])('are not registered: %s', async (_what, attempt, problem) => {
    await expect(attempt()).rejects.toThrow(problem);
    expect(await net.north.clients(SOUTH)).toEqual([]);
    expect((await net.north.clients(NORTH)).map(({ clientId }) => clientId)).toEqual(['north-ward']);
  });

  it('are suspended and let in again by their owner alone', async () => {
    expect(await as(NORTH, 'client', 'suspend', 'north-ward')).toBe('north-ward is suspended.');
    expect(await as(NORTH, 'client', 'suspend', 'north-ward')).toContain('nothing to change');
    await expect(as(SOUTH, 'client', 'activate', 'north-ward')).rejects.toThrow('another organisation');
    await expect(as(SOUTH, 'client', 'suspend', 'north-ward')).rejects.toThrow('another organisation');
    await expect(as(NORTH, 'client', 'suspend', 'nobody')).rejects.toThrow('no such client');
    expect(await as(NORTH, 'client', 'activate', 'north-ward')).toBe('north-ward is active.');
  });
});

describe('the variables', () => {
  const problems = async (environment: Environment): Promise<readonly string[]> => {
    const error: unknown = await runCommand(registryCommand, environment, ['list']).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(ConfigError);
    return error instanceof ConfigError ? error.problems : [];
  };

  it('are reported together', async () => {
    expect((await problems({})).map((problem) => problem.split(':')[0]).sort()).toEqual([
      'FABRIC_MSP_ID',
      'FABRIC_PEER_ENDPOINT',
    ]);
    expect(
      (await problems({ FABRIC_MSP_ID: NORTH, FABRIC_PEER_ENDPOINT: 'peer:1' })).map(
        (text) => text.split(':')[0],
      ),
    ).toEqual(['FABRIC_CERT_FILE', 'FABRIC_KEY_FILE']);
  });

  it('name a peer that does not answer', async () => {
    const environment = { ...net.environment(NORTH), FABRIC_PEER_ENDPOINT: '127.0.0.1:1' };
    await expect(runCommand(registryCommand, environment, ['list'])).rejects.toThrow(
      /The peer at 127\.0\.0\.1:1 did not answer/,
    );
  });

  it('name a certificate that is not the key’s', async () => {
    const environment = {
      ...net.environment(NORTH),
      FABRIC_CERT_FILE: net.environment(SOUTH).FABRIC_CERT_FILE,
    };
    await expect(runCommand(registryCommand, environment, ['list'])).rejects.toThrow(/key/);
  });
});
