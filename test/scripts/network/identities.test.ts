// SPDX-License-Identifier: Apache-2.0
import 'reflect-metadata';
import { createHash, webcrypto, X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as x509 from '@peculiar/x509';
import { readDescription, type Network } from '../../../scripts/network/description';
import { issueIdentities } from '../../../scripts/network/identities';
import { authority, identityDir, organisationDir } from '../../../scripts/network/layout';
import { environmentOf, profileOf, writeProfiles } from '../../../scripts/network/profiles';
import { organisation } from './testNetwork';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
let folder: string;
let network: Network;

/**
 * An authority as cryptogen leaves it: a key identifier that is a SHA-256 digest, a PKCS #8 key named `…_sk`.
 */
async function makeAuthority(kind: 'ca' | 'tlsca'): Promise<void> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const raw = Buffer.from(await webcrypto.subtle.exportKey('raw', keys.publicKey));
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${kind}.north`,
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.SubjectKeyIdentifierExtension(createHash('sha256').update(raw).digest('hex')),
    ],
  });
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const directory = path.join(organisationDir(network, organisation(network, 'north')), kind);
  mkdirSync(directory, { recursive: true });
  writeFileSync(path.join(directory, `${kind}-cert.pem`), certificate.toString('pem'));
  writeFileSync(
    path.join(directory, 'priv_sk'),
    `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`,
  );
}

beforeAll(async () => {
  x509.cryptoProvider.set(webcrypto);
  folder = mkdtempSync(path.join(tmpdir(), 'chartwitness-identities-'));
  network = readDescription({ dataDir: folder });
  await makeAuthority('ca');
  await makeAuthority('tlsca');
  await issueIdentities(network, organisation(network, 'north'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const file = (name: string): string => path.join(identityDir(network, organisation(network, 'north')), name);
const certificate = (name: string): X509Certificate =>
  new X509Certificate(readFileSync(file(`${name}.cert.pem`)));
const issuer = (kind: 'ca' | 'tlsca'): X509Certificate =>
  new X509Certificate(readFileSync(authority(network, organisation(network, 'north'), kind).certFile));

test.each([
  ['gateway', 'ca'],
  ['gateway.tls', 'tlsca'],
  ['chaincode', 'tlsca'],
  ['peer-to-chaincode', 'tlsca'],
] as const)('%s is issued by the organisation’s %s, for a year, and is no authority', (name, kind) => {
  const issued = certificate(name);
  expect(issued.checkIssued(issuer(kind))).toBe(true);
  expect(issued.verify(issuer(kind).publicKey)).toBe(true);
  expect(issued.ca).toBe(false);
  expect(Date.parse(issued.validFrom)).toBeLessThanOrEqual(Date.now());
  expect(Date.parse(issued.validTo)).toBeGreaterThan(Date.now() + 360 * 24 * 3600 * 1000);
  expect(issued.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
});

test('the gateway’s identity is a client with its role as an attribute, in the form that Fabric reads', () => {
  const issued = new x509.X509Certificate(readFileSync(file('gateway.cert.pem'), 'utf8'));
  expect(issued.subjectName.getField('OU')).toEqual(['client']);
  const attribute = issued.getExtension('1.2.3.4.5.6.7.8.1');
  expect(JSON.parse(Buffer.from(attribute?.value ?? new ArrayBuffer(0)).toString())).toMatchObject({
    attrs: { 'chartwitness.role': 'holder' },
  });
});

test('TLS certificates serve one purpose each', () => {
  expect(certificate('gateway.tls').keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
  expect(certificate('peer-to-chaincode').keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
  expect(certificate('chaincode').keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  expect(certificate('chaincode').checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(certificate('chaincode').checkHost('localhost')).toBe('localhost');
});

test('keys are for their owner alone', () => {
  for (const name of ['gateway', 'gateway.tls', 'chaincode', 'peer-to-chaincode']) {
    expect(statSync(file(`${name}.key.pem`)).mode & 0o777).toBe(0o600);
  }
});

test('what is there is kept', async () => {
  const before = readFileSync(file('gateway.cert.pem'), 'utf8');
  await issueIdentities(network, organisation(network, 'north'));
  expect(readFileSync(file('gateway.cert.pem'), 'utf8')).toBe(before);
});

test('an authority without its key is named, with what to do', () => {
  expect(() => authority(network, organisation(network, 'south'), 'ca')).toThrow(
    /SouthClinicMSP's authority/,
  );
});

test('a profile and its environment file say the same, and are for their owner alone', () => {
  const profile = profileOf(network, organisation(network, 'north'));
  const [jsonFile, envFile] = writeProfiles(network).filter((each) =>
    path.basename(each).startsWith('north.'),
  );
  expect(JSON.parse(readFileSync(String(jsonFile), 'utf8'))).toEqual(profile);
  const env = readFileSync(String(envFile), 'utf8');
  for (const [name, value] of Object.entries(environmentOf(profile))) {
    expect(env).toContain(`${name}=${value}\n`);
  }
  for (const each of [jsonFile, envFile]) {
    expect(statSync(String(each)).mode & 0o777).toBe(0o600);
  }
});
