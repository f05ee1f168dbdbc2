// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseHospitalConfig } from '../../../gateway/src/config/hospitalConfig';
import { parseTrusteeConfig } from '../../../gateway/src/config/trusteeConfig';
import { LIMIT_VARIABLES } from '../../../gateway/src/hospital/limitSettings';
import { readDescription } from '../../../scripts/network/description';
import { environmentOf, profileOf } from '../../../scripts/network/profiles';

const DEPLOY = path.resolve(__dirname, '../../../scripts/deploy');
const names = (ending: string): string[] => readdirSync(DEPLOY).filter((name) => name.endsWith(ending));
const read = (name: string): string => readFileSync(path.join(DEPLOY, name), 'utf8');

/** `NAME=value` lines, as systemd and compose read them. */
function variables(name: string): Record<string, string> {
  const lines = read(name)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf('=');
      expect(line.slice(0, at)).toMatch(/^[A-Z][A-Z0-9_]*$/);
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
}

const secret = (): Uint8Array => Buffer.alloc(32, 1);

test('hospital.env is a complete configuration of the hospital role', () => {
  const config = parseHospitalConfig(variables('hospital.env'), secret);
  expect(config).toMatchObject({
    mspId: 'NorthHospitalMSP',
    gatewayName: 'main',
    peer: { endpoint: 'peer0.north.example:7051' },
  });
  expect(config.peer?.tls?.clientKey).toBeDefined();
});

/** Of the recorder, of one answer of the source, and of what is remembered. */
const LIMITS_BESIDES = [
  'ACCESS_DEADLINE_MS',
  'EMERGENCY_DEADLINE_MS',
  'LEDGER_AWAY_AFTER_MS',
  'LEDGER_AWAY_FOR_MS',
  'MAX_ADMITTED',
  'MAX_ADMITTED_EMERGENCIES',
  'MAX_BATCHES_IN_FLIGHT',
  'MAX_BATCH_EVENTS',
  'MAX_BATCH_KIB',
  'MAX_QUEUED',
  'MAX_QUEUED_MIB',
  'NEXT_BATCH_AFTER_MS',
  'NEXT_BATCH_AT',
  'OWN_PEER_WAIT_MS',
  'REGISTRY_REMEMBERED_MINUTES',
  'STOP_WITHIN_MS',
  'UPSTREAM_TIMEOUT_MS',
];

test('hospital.env shows each limit with its default, and the key that gateways share', () => {
  const shown = Object.fromEntries(
    [...read('hospital.env').matchAll(/^#([A-Z_]+)=(\d+)$/gm)].map(([, name = '', value = '']) => [
      name,
      value,
    ]),
  );
  expect(Object.keys(shown).sort()).toEqual([...LIMIT_VARIABLES, ...LIMITS_BESIDES].sort());
  const plain = variables('hospital.env');
  expect(parseHospitalConfig({ ...plain, ...shown }, secret)).toEqual(parseHospitalConfig(plain, secret));
  const [, file = ''] = /^#PAGE_KEY_FILE=(.+)$/m.exec(read('hospital.env')) ?? [];
  const own = (path: string): Uint8Array => Buffer.alloc(32, path === file ? 2 : 1);
  expect(parseHospitalConfig({ ...plain, PAGE_KEY_FILE: file }, own).pageKey?.reveal()).toHaveLength(32);
});

test('trustee.env is a complete configuration of the trustee role', () => {
  const config = parseTrusteeConfig(variables('trustee.env'), secret);
  expect(config).toMatchObject({ mspId: 'TrusteeMSP', mongodbUri: 'mongodb://127.0.0.1:27017/chartwitness' });
  expect(config.externalOpenId).toBeDefined();
});

test.each([
  ['hospital.env', parseHospitalConfig],
  ['trustee.env', parseTrusteeConfig],
] as const)('%s with the key in a PKCS#11 token is complete too', (name, parse) => {
  const token: Readonly<Record<string, string>> = Object.fromEntries(
    [...read(name).matchAll(/^#(FABRIC_HSM_[A-Z_]+)=(.*)$/gm)].map(([, variable = '', value = '']) => [
      variable,
      value,
    ]),
  );
  expect(Object.keys(token)).toHaveLength(4);
  const { FABRIC_KEY_FILE: file, ...rest } = variables(name);
  expect(file).toBeDefined();
  expect(parse({ ...rest, ...token }, secret, () => 0o100600).peer?.signingKey).toMatchObject({
    kind: 'hsm',
    library: token['FABRIC_HSM_LIBRARY'],
    token: token['FABRIC_HSM_TOKEN'],
  });
  expect(() => parse({ ...variables(name), ...token }, secret, () => 0o100600)).toThrow(/FABRIC_KEY_FILE/);
});

test('a role’s example without its key is refused', () => {
  const rest = { ...variables('hospital.env'), CONSORTIUM_KEY_FILE: undefined };
  expect(() => parseHospitalConfig(rest, secret)).toThrow(/CONSORTIUM_KEY_FILE: is not set/);
});

test('the Fabric variables are those that the network writes into its profiles', () => {
  const network = readDescription();
  for (const [index, file] of [
    [0, 'trustee.env'],
    [1, 'hospital.env'],
  ] as const) {
    const organisation = network.organisations[index];
    if (organisation === undefined) {
      throw new Error('no organisation');
    }
    const written = environmentOf(profileOf(network, organisation));
    const example = Object.keys(variables(file)).filter((name) => name.startsWith('FABRIC_'));
    expect(example.sort()).toEqual(Object.keys(written).sort());
    expect(variables(file)['FABRIC_MSP_ID']).toBe(written['FABRIC_MSP_ID']);
  }
});

test('chaincode.env names everything that the chaincode’s process needs', () => {
  expect(Object.keys(variables('chaincode.env'))).toEqual(
    expect.arrayContaining([
      'CORE_PEER_LOCALMSPID',
      'CORE_CHAINCODE_ID',
      'CORE_CHAINCODE_ADDRESS',
      'CORE_CHAINCODE_TLS_CLIENT_CACERT_FILE',
    ]),
  );
});

test('peer.env carries the settings that keep a peer from being stalled', () => {
  expect(variables('peer.env')).toMatchObject({
    CORE_PEER_TLS_CLIENTAUTHREQUIRED: 'true',
    CORE_PEER_GOSSIP_PVTDATA_SKIPPULLINGINVALIDTRANSACTIONSDURINGCOMMIT: 'true',
    CORE_PEER_GOSSIP_PVTDATA_PULLRETRYTHRESHOLD: '0s',
    CORE_CHAINCODE_KEEPALIVE: '0',
  });
});

test('every file that a unit or a compose file names is here', () => {
  for (const name of [...names('.service'), ...names('.yaml')]) {
    for (const [, file] of read(name).matchAll(
      /(?:EnvironmentFile=\/etc\/chartwitness\/|env_file: )(\S+)/g,
    )) {
      expect(readdirSync(DEPLOY)).toContain(file);
    }
  }
});

test('only what others must reach is published on all addresses', () => {
  for (const name of names('.yaml')) {
    const published = [...read(name).matchAll(/^ +- '([\d.:]+:\d+)'$/gm)].map(([, port]) => port);
    const open = published.filter((port) => !port?.startsWith('127.0.0.1:'));
    expect(open).toEqual([name === 'compose.orderer.yaml' ? '7050:7050' : '7051:7051']);
  }
});

test('the description of test-network can be read', () => {
  const network = readDescription({ file: path.resolve(DEPLOY, '../network/test-network.json') });
  expect(network.organisations.map(({ mspId, peerEndpoint }) => [mspId, peerEndpoint])).toEqual([
    ['Org1MSP', 'localhost:7051'],
    ['Org2MSP', 'localhost:9051'],
  ]);
  expect(network.external?.mutualTls).toBe(false);
});

const READER = path.resolve(__dirname, '../../support/compose');
const READER_MS = 300_000;

/** Reads compose files by the Compose Specification's own library. */
function readCompose(files: readonly string[]): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync('go', ['run', '.', ...files], {
    cwd: READER,
    encoding: 'utf8',
    timeout: READER_MS,
  });
  return { status, output: `${stdout}${stderr}` };
}

if (spawnSync('go', ['version']).status === 0) {
  describe('compose files, read by the Compose Specification’s own library', () => {
    test(
      'are accepted, with every file that they name',
      () => {
        const files = names('.yaml').map((name) => path.join(DEPLOY, name));
        const { status, output } = readCompose(files);
        expect(output.match(/^accepted /gm)).toHaveLength(3);
        expect(status).toBe(0);
      },
      READER_MS,
    );

    test(
      'are refused with a key that does not exist, or without an environment file',
      () => {
        const folder = mkdtempSync(path.join(tmpdir(), 'chartwitness-compose-'));
        cpSync(DEPLOY, folder, { recursive: true });
        const hospital = path.join(folder, 'compose.hospital.yaml');
        writeFileSync(hospital, read('compose.hospital.yaml').replace('    ports:', '    port:'));
        rmSync(path.join(folder, 'orderer.env'));
        const { status, output } = readCompose([hospital, path.join(folder, 'compose.orderer.yaml')]);
        rmSync(folder, { recursive: true });
        expect(output).toMatch(/refused \S*hospital.yaml: .*port/);
        expect(output).toMatch(/refused \S*orderer.yaml: .*orderer.env/);
        expect(status).not.toBe(0);
      },
      READER_MS,
    );
  });
} else {
  test('compose files: not run (no Go toolchain)', () => {
    process.stdout.write('compose files: not run (no Go toolchain)\n');
    expect(names('.yaml')).toHaveLength(3);
  });
}

const systemd = spawnSync('systemd-analyze', ['--version']).status === 0;
test(systemd ? 'systemd accepts the units' : 'systemd: not run (no systemd-analyze)', () => {
  if (!systemd) {
    process.stdout.write('systemd: not run (no systemd-analyze)\n');
    return;
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'chartwitness-units-'));
  const files = names('.service').map((name) => {
    const file = path.join(folder, name);
    // Its programs are not installed on the machine that tests.
    writeFileSync(file, read(name).replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`));
    return file;
  });
  const { stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...files], {
    encoding: 'utf8',
  });
  rmSync(folder, { recursive: true });
  const complaints = `${stdout}${stderr}`.split('\n').filter((line) => line.includes(folder));
  expect(complaints).toEqual([]);
});
