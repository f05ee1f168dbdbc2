// SPDX-License-Identifier: Apache-2.0
import {
  PROVENANCE_POLICY,
  collections,
  configtxYaml,
  coreYaml,
  cryptoConfigYaml,
  fill,
  ordererYaml,
} from '../../../scripts/network/configFiles';
import { definitionTerms } from '../../../scripts/network/chaincode';
import { readDescription, type Network } from '../../../scripts/network/description';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { organisation } from './testNetwork';

const network = readDescription({ dataDir: '/data dir/network' });
const north = organisation(network, 'north');
const core = (version: string, of: Network = network): string =>
  coreYaml(of, organisation(of, 'north'), version);

test('every field of the templates is filled', () => {
  for (const text of [
    core('3.1.5'),
    ordererYaml(network),
    cryptoConfigYaml(network),
    configtxYaml(network),
  ]) {
    expect(text).not.toMatch(/\$\{|undefined|NaN/);
  }
});

test('a field without a value, and a value without a field, are mistakes', () => {
  expect(fill('a: ${b}', { b: 1 })).toBe('a: 1');
  expect(() => fill('a: ${b}', {})).toThrow('No value for b');
  expect(() => fill('a: 1', { b: 1 })).toThrow('No field for b');
});

test('only loopback is listened on', () => {
  const listens = [
    ...`${core('3.1.5')}\n${ordererYaml(network)}`.matchAll(/listen(?:Address|Port)?: *(\S+)/gi),
  ].map(([, value]) => value);
  expect(listens.length).toBeGreaterThan(4);
  for (const value of listens) {
    expect(value).toMatch(/^(127\.0\.0\.1(:\d+)?|\d+)$/);
  }
  expect(core('3.1.5')).toMatch(/chaincodeListenAddress: 127\.0\.0\.1:7521/);
});

test('peers and orderer demand client certificates', () => {
  expect(core('3.1.5').match(/clientAuthRequired: true/g)).toHaveLength(2);
  expect(ordererYaml(network).match(/ClientAuthRequired: true/g)).toHaveLength(3);
  expect(`${core('3.1.5')}${ordererYaml(network)}`).not.toMatch(
    /clientAuthRequired: false|tls:\n +enabled: false/i,
  );
});

test('a peer cannot be stalled by a transaction that reaches it without its private data', () => {
  expect(core('3.1.5')).toMatch(/skipPullingInvalidTransactionsDuringCommit: true\n/);
  expect(core('3.1.5')).toMatch(/pullRetryThreshold: 0s\n/);
  expect(core('3.1.5')).toMatch(/reconcileSleepInterval: 1s\n/);
});

test('no keepalive to chaincode, no container engine', () => {
  expect(core('3.1.5')).toMatch(/keepalive: 0\n/);
  expect(core('3.1.5')).toMatch(/vm:\n {2}endpoint: ''\n/);
});

test('the check of a proposal’s time is left out where Fabric does not know it', () => {
  expect(core('3.1.5')).toMatch(/authFilters: .*TimeWindowCheck/);
  expect(core('2.5.16')).not.toMatch(/TimeWindowCheck/);
});

test('paths with spaces stay one value', () => {
  expect(core('3.1.5')).toContain(
    `mspConfigPath: '/data dir/network/crypto/peerOrganizations/${north.domain}/peers/`,
  );
});

test('the channel: a majority decides on chaincode, the trustee and a holder on data', () => {
  const text = configtxYaml(network);
  expect(text).toContain('LifecycleEndorsement: { Type: ImplicitMeta, Rule: MAJORITY Endorsement }');
  expect(text).toContain(
    `Provenance: { Type: Signature, Rule: "AND('TrusteeMSP.peer', OR('NorthHospitalMSP.peer', 'SouthClinicMSP.peer'))" }`,
  );
  for (const { mspId } of network.organisations) {
    expect(text).toContain(`Endorsement: { Type: Signature, Rule: "OR('${mspId}.peer')" }`);
    expect(text).toContain(`Writers: { Type: Signature, Rule: "OR('${mspId}.admin', '${mspId}.client')" }`);
  }
});

test('blocks are cut at once; both limits can be set', () => {
  expect(configtxYaml(network)).toMatch(/BatchTimeout: 50ms\n {6}BatchSize:\n {8}MaxMessageCount: 1\n/);
  const slow = readDescription({ maxMessageCount: 500, batchTimeout: '2s' });
  expect(configtxYaml(slow)).toMatch(/BatchTimeout: 2s\n {6}BatchSize:\n {8}MaxMessageCount: 500\n/);
  expect(configtxYaml(network)).toMatch(/AbsoluteMaxBytes: 10 MB\n {8}PreferredMaxBytes: 2 MB\n/);
  const small = { ...network, block: { ...network.block, preferredMaxBytes: 10, absoluteMaxBytes: 20 } };
  expect(configtxYaml(small)).toMatch(/AbsoluteMaxBytes: 20\n {8}PreferredMaxBytes: 10\n/);
});

test('capabilities that Fabric 2.5 and 3.1 both have', () => {
  expect([...configtxYaml(network).matchAll(/V\d_\d: true/g)].map(String)).toEqual([
    'V2_0: true',
    'V2_0: true',
    'V2_5: true',
  ]);
});

test('node OUs in every organisation', () => {
  expect(cryptoConfigYaml(network).match(/EnableNodeOUs: true/g)).toHaveLength(4);
});

test('consents: all organisations hold them, the trustee alone writes them', () => {
  expect(collections(network)).toMatchObject([
    {
      name: 'consents',
      policy: "OR('TrusteeMSP.member', 'NorthHospitalMSP.member', 'SouthClinicMSP.member')",
      memberOnlyRead: true,
      memberOnlyWrite: true,
      endorsementPolicy: { signaturePolicy: "OR('TrusteeMSP.peer')" },
    },
  ]);
});

test('in the development network they are the collections that the chaincode brings along', () => {
  const file = path.resolve(__dirname, '../../../chaincode/collections.json');
  expect(collections(network)).toEqual(JSON.parse(readFileSync(file, 'utf8')));
});

describe('the terms of the definition', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'chartwitness-terms-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  test('refer to the channel’s policy by its absolute path', () => {
    const own = readDescription({ dataDir: folder });
    const { args } = definitionTerms(own);
    expect(args.slice(0, 2)).toEqual(['--channel-config-policy', '/Channel/Application/Provenance']);
    expect(PROVENANCE_POLICY).toMatch(/^\//);
    expect(JSON.parse(readFileSync(String(args[3]), 'utf8'))).toEqual(collections(own));
  });

  test('another policy has another digest, so that deploy commits it', () => {
    const own = readDescription({ dataDir: folder });
    const signature = { ...own, chaincode: { ...own.chaincode, signaturePolicy: "OR('Org1MSP.peer')" } };
    expect(definitionTerms(signature).args.slice(0, 2)).toEqual(['--signature-policy', "OR('Org1MSP.peer')"]);
    expect(definitionTerms(signature).digest).not.toBe(definitionTerms(own).digest);
  });
});

test('a channel may have other writers and access rules; without them it has the usual ones', () => {
  const writersOf = (of: Network): string[] =>
    [...configtxYaml(of).matchAll(/Writers: \{ Type: Signature, Rule: "(.*)" \}/g)].map(
      ([, rule]) => rule ?? '',
    );
  const { mspId } = north;
  const rules = {
    writers: { [mspId]: `OR('${mspId}.admin')` },
    acls: { 'peer/ChaincodeToChaincode': '/Channel/Application/Readers' },
  };
  expect(configtxYaml(network)).not.toContain('ACLs:');
  expect(writersOf(network)).toContain(`OR('${mspId}.admin', '${mspId}.client')`);
  expect(writersOf({ ...network, rules })).toEqual(
    writersOf(network).map((rule) => (rule.includes(mspId) ? `OR('${mspId}.admin')` : rule)),
  );
  expect(configtxYaml({ ...network, rules })).toMatch(
    / {6}ACLs:\n {8}peer\/ChaincodeToChaincode: \/Channel\/Application\/Readers\n$/,
  );
});
