// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  DEFAULT_DESCRIPTION,
  fixedPart,
  provenancePolicy,
  readDescription,
  trusteeOf,
} from '../../../scripts/network/description';
import { profileOf } from '../../../scripts/network/profiles';

interface Raw {
  [key: string]: unknown;
  organisations: Record<string, unknown>[];
  chaincode: Record<string, unknown>;
}
import { refusal } from './refusal';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'chartwitness-description-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** The default description, changed by `change`, in a file of its own. */
function changed(change: (raw: Raw) => void): string {
  const raw = JSON.parse(readFileSync(DEFAULT_DESCRIPTION, 'utf8')) as Raw;
  change(raw);
  const file = path.join(folder, 'network.json');
  writeFileSync(file, JSON.stringify(raw));
  return file;
}

test('the development network: three organisations, ports from one base, on loopback', () => {
  const network = readDescription({ portBase: 8000 });
  expect(network.organisations.map((each) => [each.mspId, each.role, each.peerEndpoint])).toEqual([
    ['TrusteeMSP', 'trustee', 'localhost:8010'],
    ['NorthHospitalMSP', 'holder', 'localhost:8020'],
    ['SouthClinicMSP', 'holder', 'localhost:8030'],
  ]);
  expect(network.orderer).toMatchObject({ port: 8000, adminPort: 8001, operationsPort: 8002 });
  expect(network.chaincode.host).toBe('127.0.0.1');
});

test('a public write needs the trustee and any holder', () => {
  expect(provenancePolicy(readDescription())).toBe(
    "AND('TrusteeMSP.peer', OR('NorthHospitalMSP.peer', 'SouthClinicMSP.peer'))",
  );
});

test('with one holder, the policy names it without OR', () => {
  const file = changed((raw) => raw.organisations.pop());
  expect(provenancePolicy(readDescription({ file }))).toBe("AND('TrusteeMSP.peer', 'NorthHospitalMSP.peer')");
});

test('other organisation names and endpoints are taken as they are', () => {
  const file = changed((raw) => {
    raw['external'] = { cryptoDir: './organizations' };
    raw['orderer'] = { mspId: 'OrdererMSP', domain: 'example.com', endpoint: 'localhost:7050' };
    raw.organisations = [
      {
        name: 'org1',
        mspId: 'Org1MSP',
        role: 'holder',
        domain: 'org1.example.com',
        peerEndpoint: 'localhost:7051',
      },
      {
        name: 'org2',
        mspId: 'Org2MSP',
        role: 'trustee',
        domain: 'org2.example.com',
        peerEndpoint: 'localhost:9051',
      },
    ];
  });
  const network = readDescription({ file });
  expect(trusteeOf(network)).toMatchObject({ mspId: 'Org2MSP', peerEndpoint: 'localhost:9051' });
  expect(network.external).toEqual({ cryptoDir: path.join(folder, 'organizations'), mutualTls: false });
  expect(network.orderer.endpoint).toBe('localhost:7050');
});

test('several orderers: the first takes what is submitted here, gateways are told of all', () => {
  const file = changed((raw) => {
    raw['external'] = { cryptoDir: './crypto-config' };
    raw['orderer'] = {
      mspId: 'OrdererMSP',
      domain: 'example.com',
      endpoints: ['127.0.0.1:1', '127.0.0.1:2'],
    };
    for (const each of raw.organisations) {
      each['peerEndpoint'] = '127.0.0.1:3';
    }
  });
  const network = readDescription({ file });
  expect(network.orderer.endpoint).toBe('127.0.0.1:1');
  expect(profileOf(network, trusteeOf(network)).ordererEndpoints).toBe('127.0.0.1:1,127.0.0.1:2');
});

test.each([[[]], [['127.0.0.1']], [['127.0.0.1:1', 2]], [undefined]])(
  'an external network’s orderers %j are refused',
  (endpoints) => {
    const file = changed((raw) => {
      raw['external'] = { cryptoDir: './crypto-config' };
      raw['orderer'] = { mspId: 'OrdererMSP', domain: 'example.com', endpoints };
      for (const each of raw.organisations) {
        each['peerEndpoint'] = '127.0.0.1:3';
      }
    });
    expect(() => readDescription({ file })).toThrow(/orderer\.endpoint: host:port/);
  },
);

test.each<[string, (raw: Raw) => void, RegExp]>([
  ['a channel in capitals', (raw) => (raw['channel'] = 'Channel'), /channel: lower-case/],
  ['no chaincode folder', (raw) => (raw.chaincode = { name: 'provenance' }), /chaincode\.path/],
  ['a chaincode name with a space', (raw) => (raw.chaincode['name'] = 'a b'), /chaincode\.name/],
  [
    'an orderer without a domain',
    (raw) => (raw['orderer'] = { mspId: 'OrdererMSP' }),
    /orderer: mspId and domain/,
  ],
  ['blocks of no message', (raw) => (raw['block'] = { maxMessageCount: 0 }), /maxMessageCount: 1 or more/],
  [
    'a batch timeout without a unit',
    (raw) => (raw['block'] = { batchTimeout: '50' }),
    /batchTimeout: like 50ms/,
  ],
  [
    'a size that is no number of bytes',
    (raw) => (raw['block'] = { absoluteMaxBytes: '10 MB' }),
    /absoluteMaxBytes: a whole number of bytes/,
  ],
  [
    'an execution time without a unit',
    (raw) => (raw.chaincode['executeTimeout'] = 30),
    /executeTimeout: like 30s/,
  ],
  ['a privileged port', (raw) => (raw['portBase'] = 80), /portBase/],
  ['one organisation', (raw) => raw.organisations.splice(1), /at least the trustee and one holder/],
  [
    'two trustees',
    (raw) => Object.assign(raw.organisations[1] ?? {}, { role: 'trustee' }),
    /exactly one has the role trustee/,
  ],
  [
    'an unknown role',
    (raw) => Object.assign(raw.organisations[1] ?? {}, { role: 'witness' }),
    /each needs name/,
  ],
  [
    'the same MSP id twice',
    (raw) => Object.assign(raw.organisations[2] ?? {}, { mspId: 'NorthHospitalMSP' }),
    /occur once/,
  ],
  ['an external network without its certificates', (raw) => (raw['external'] = {}), /external\.cryptoDir/],
])('%s is refused, with the reason', (_name, change, reason) => {
  const file = changed(change);
  const read = (): unknown => readDescription({ file });
  expect(read).toThrow(reason);
  expect(refusal(read)).toMatchObject({ code: 'BAD_DESCRIPTION' });
});

test('sizes of blocks and the chaincode’s time are as described, or as Fabric has them', () => {
  const file = changed((raw) => {
    raw['block'] = {
      maxMessageCount: 3,
      batchTimeout: '1s',
      preferredMaxBytes: 1000,
      absoluteMaxBytes: 2000,
    };
    raw.chaincode['executeTimeout'] = '3s';
  });
  const network = readDescription({ file });
  expect(network.block).toEqual({
    maxMessageCount: 3,
    batchTimeout: '1s',
    preferredMaxBytes: 1000,
    absoluteMaxBytes: 2000,
  });
  expect(network.chaincode.executeTimeout).toBe('3s');
  expect(readDescription().chaincode.executeTimeout).toBe('30s');
});

test('all problems are told at once', () => {
  const file = changed((raw) => {
    raw['channel'] = '';
    raw['portBase'] = 1;
  });
  expect(() => readDescription({ file })).toThrow(/channel[\s\S]*portBase/);
});

test('a file that is absent, or not JSON, is named', () => {
  expect(() => readDescription({ file: path.join(folder, 'no.json') })).toThrow(
    /no\.json is not usable:\n {2}- cannot be read/,
  );
  writeFileSync(path.join(folder, 'bad.json'), '{');
  expect(() => readDescription({ file: path.join(folder, 'bad.json') })).toThrow(/is not JSON/);
});

test('what the channel fixes has a digest: ports and block settings change it, the chaincode’s folder does not', () => {
  const digest = fixedPart(readDescription());
  expect(fixedPart(readDescription({ chaincodePath: '/elsewhere' }))).toBe(digest);
  expect(fixedPart(readDescription({ portBase: 9000 }))).not.toBe(digest);
  expect(fixedPart(readDescription({ maxMessageCount: 500 }))).not.toBe(digest);
  expect(fixedPart(readDescription({ batchTimeout: '2s' }))).not.toBe(digest);
});
