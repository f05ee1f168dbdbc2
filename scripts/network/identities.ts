// SPDX-License-Identifier: Apache-2.0
import 'reflect-metadata';
import { webcrypto, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import path from 'node:path';
import * as x509 from '@peculiar/x509';
import { ROLE_ATTRIBUTE } from '@chartwitness/chaincode/domain';
import { authority, identityDir } from './layout';
import type { Network, Organisation } from './description';

/** Where Fabric's client-identity library looks for attributes: raw JSON, not wrapped in an ASN.1 string. */
const ATTRIBUTES_OID = '1.2.3.4.5.6.7.8.1';
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const VALID_FOR_MS = 365 * 24 * 3600 * 1000;
/**
 * Certificates of a freshly made authority start five minutes in the past; a leaf must not start before them.
 */
const CLOCK_TOLERANCE_MS = 60 * 1000;

export interface Issue {
  directory: string;
  /** The files are `<name>.cert.pem` and `<name>.key.pem`. */
  name: string;
  subject: string;
  extensions: x509.Extension[];
}

/**
 * Issues what cryptogen cannot, once: the gateway's identity with its role as an attribute, its TLS client
 * certificate, and the two certificates between a peer and its chaincode process. Present files are kept.
 */
export async function issueIdentities(network: Network, organisation: Organisation) {
  const directory = identityDir(network, organisation);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const { domain, mspId, role } = organisation;
  const client = new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]);
  const server = new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]);
  await issue(authority(network, organisation, 'ca'), {
    directory,
    name: 'gateway',
    subject: `CN=gateway@${domain}, OU=client, O=${domain}`,
    extensions: [roleAttribute(mspId, role)],
  });
  const tls = authority(network, organisation, 'tlsca');
  await issue(tls, { directory, name: 'gateway.tls', subject: `CN=gateway@${domain}`, extensions: [client] });
  await issue(tls, {
    directory,
    name: 'peer-to-chaincode',
    subject: `CN=peer0.${domain}`,
    extensions: [client],
  });
  await issue(tls, {
    directory,
    name: 'chaincode',
    subject: `CN=chaincode.${domain}`,
    extensions: [server, hosts(['localhost', '127.0.0.1', network.chaincode.host])],
  });
}

function roleAttribute(mspId: string, role: string) {
  const attributes = {
    attrs: {
      [ROLE_ATTRIBUTE]: role,
      'hf.Affiliation': '',
      'hf.EnrollmentID': `gateway@${mspId}`,
      'hf.Type': 'client',
    },
  };
  return new x509.Extension(ATTRIBUTES_OID, false, Buffer.from(JSON.stringify(attributes)));
}

function hosts(names: string[]) {
  const unique = [...new Set(names)];
  return new x509.SubjectAlternativeNameExtension(
    unique.map((value) => ({ type: isIP(value) > 0 ? 'ip' : 'dns', value })),
  );
}

async function issue(
  issuer: { certFile: string; keyFile: string },
  { directory, name, subject, extensions }: Issue,
) {
  const certFile = path.join(directory, `${name}.cert.pem`);
  const keyFile = path.join(directory, `${name}.key.pem`);
  if (existsSync(certFile) && existsSync(keyFile)) {
    return;
  }
  const issuerCert = new x509.X509Certificate(readFileSync(issuer.certFile, 'utf8'));
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: randomBytes(16)
        .toString('hex')
        .replace(/^[89a-f]/, '4'),
      subject,
      issuer: issuerCert.subjectName,
      notBefore: new Date(Date.now() - CLOCK_TOLERANCE_MS),
      notAfter: new Date(Date.now() + VALID_FOR_MS),
      signingAlgorithm: ALGORITHM,
      publicKey: keys.publicKey,
      signingKey: await privateKey(issuer.keyFile),
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
        authorityKeyIdentifier(issuerCert),
        ...extensions,
      ],
    },
    webcrypto,
  );
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  writeSecret(keyFile, `${pem('PRIVATE KEY', pkcs8)}\n`);
  writeSecret(certFile, `${certificate.toString('pem')}\n`);
}

/** The issuer's own key identifier, not one computed anew: cryptogen's is a SHA-256 digest. */
function authorityKeyIdentifier(issuer: x509.X509Certificate) {
  const own = issuer.getExtension(x509.SubjectKeyIdentifierExtension);
  if (own === null) {
    throw new Error(`${issuer.subject} has no subject key identifier`);
  }
  return new x509.AuthorityKeyIdentifierExtension(own.keyId);
}

/** From a PKCS #8 PEM file, as cryptogen writes it. */
function privateKey(file: string) {
  const der = Buffer.from(readFileSync(file, 'utf8').replace(/-----[^-]+-----|\s/g, ''), 'base64');
  return webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign']);
}

function pem(label: string, der: Buffer) {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`].join('\n');
}

/** Writes a file that only its owner may read, whole or not at all. */
export function writeSecret(file: string, content: string | Buffer) {
  const unfinished = `${file}.new`;
  writeFileSync(unfinished, content, { mode: 0o600 });
  chmodSync(unfinished, 0o600);
  renameSync(unfinished, file);
}
