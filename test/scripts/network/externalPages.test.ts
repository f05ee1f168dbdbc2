// SPDX-License-Identifier: Apache-2.0
/** The pages about networks that other tools run: what they print must be what the programs take today. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseHospitalConfig } from '../../../gateway/src/config/hospitalConfig';
import { parseTrusteeConfig } from '../../../gateway/src/config/trusteeConfig';
import { type Network, readDescription } from '../../../scripts/network/description';
import { environmentOf, profileOf } from '../../../scripts/network/profiles';

const FOLDER = path.resolve(__dirname, '../../../scripts/network');
const secret = (): Uint8Array => Buffer.alloc(32, 1);

/** `NAME=value` before `as <organisation> npx chartwitness serve --role <role>`, lines joined. */
function printedFor(page: string, role: string): Record<string, string> {
  const text = readFileSync(path.join(FOLDER, page), 'utf8').replace(/\\\n\s*/g, '');
  const line = new RegExp(`^ *((?:[A-Z_]+=\\S+ +)+)as \\w+ npx chartwitness serve --role ${role}`, 'm').exec(
    text,
  );
  return Object.fromEntries(
    (line?.[1] ?? '')
      .trim()
      .split(/ +/)
      .map((pair) => pair.split(/=(.*)/s, 2) as [string, string]),
  );
}

/** `export NAME="value"` lines before them. */
function exportedBy(page: string): Record<string, string> {
  const text = readFileSync(path.join(FOLDER, page), 'utf8');
  return Object.fromEntries(
    [...text.matchAll(/^ *export ([A-Z_]+)=(?:"([^"]*)"|(\S+))/gm)].map(([, name = '', quoted, bare]) => [
      name,
      quoted ?? bare ?? '',
    ]),
  );
}

function profile(network: Network, name: string): Record<string, string> {
  const organisation = network.organisations.find((each) => each.name === name);
  if (organisation === undefined) {
    throw new Error(`${name} is not in the description`);
  }
  return environmentOf(profileOf(network, organisation));
}

describe.each([
  ['TEST-NETWORK.md', 'test-network.json'],
  ['NANO-NETWORK.md', 'nano-network.json'],
])('%s', (page, description) => {
  const network = readDescription({ file: path.join(FOLDER, description) });

  test('its roles’ settings are complete with the profiles that deploy writes', () => {
    const common = exportedBy(page);
    expect(Object.keys(common)).toContain('CONSORTIUM_KEY_FILE');
    const hospital = printedFor(page, 'hospital');
    const trustee = printedFor(page, 'trustee');
    expect(
      parseHospitalConfig({ ...profile(network, 'org1'), ...common, ...hospital }, secret),
    ).toMatchObject({ mspId: 'Org1MSP', trustedProxies: 0, baseUrl: hospital['BASE_URL'] });
    expect(parseTrusteeConfig({ ...profile(network, 'org2'), ...common, ...trustee }, secret)).toMatchObject({
      mspId: 'Org2MSP',
      trustedProxies: 0,
      baseUrl: trustee['BASE_URL'],
    });
  });

  test('its roles take no port of the network', () => {
    const taken = page === 'NANO-NETWORK.md' ? [8443, 8444, 8445, 8446, 8447, 8448, 8449, 8450] : [];
    const ports = ['hospital', 'trustee'].map((role) => Number(printedFor(page, role)['PORT']));
    expect(ports.every((port) => port > 0 && !taken.includes(port))).toBe(true);
  });
});

test('the network without containers is reached by an address that its certificates name', () => {
  const { orderer, organisations, chaincode } = readDescription({
    file: path.join(FOLDER, 'nano-network.json'),
  });
  const endpoints = [...(orderer.endpoints ?? []), ...organisations.map((each) => each.peerEndpoint)];
  expect(endpoints).toHaveLength(5);
  expect(endpoints.every((each) => each.startsWith('127.0.0.1:'))).toBe(true);
  expect(chaincode.host).toBe('127.0.0.1');
});
