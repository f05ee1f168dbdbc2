// SPDX-License-Identifier: Apache-2.0
import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { sha256 } from '../protocol/sha256';
import type { Role } from './membership';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
/** Fabric's attribute extension: the value is plain JSON without an ASN.1 wrapper. */
const ATTRIBUTES_OID = '1.2.3.4.5.6.7.8.1';
const YEAR_MS = 365 * 24 * 3600 * 1000;
/** Location that cryptogen writes; the chaincode sees it in the identity's name. */
const PLACE = 'C=US, ST=California, L=San Francisco';

export interface KeyAndCertificate {
  privateKeyPem: string;
  certificatePem: string;
}

/** `Org1MSP` → `org1.example.com`, the domain that names of the organisation's certificates use. */
export function domainOf(mspId: string): string {
  const name = mspId
    .toLowerCase()
    .replace(/msp$/, '')
    .replaceAll(/[^a-z0-9-]/g, '-');
  return `${name === '' ? 'org' : name}.example.com`;
}

/** An organisation's own root authority (P-256, ten years). */
export async function createAuthority(mspId: string, now: number): Promise<KeyAndCertificate> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const domain = domainOf(mspId);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: serialNumber(),
      name: `${PLACE}, O=${domain}, CN=ca.${domain}`,
      notBefore: new Date(now - 5 * 60_000),
      notAfter: new Date(now + 10 * YEAR_MS),
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: [
        new x509.KeyUsagesExtension(
          x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
          true,
        ),
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.SubjectKeyIdentifierExtension(await keyIdentifier(keys.publicKey)),
      ],
    },
    webcrypto,
  );
  return { privateKeyPem: await exportKey(keys.privateKey), certificatePem: pem(certificate) };
}

/**
 * A leaf certificate whose organisational unit is its role (node OU), with optional Fabric attributes. It is
 * valid from five minutes before `now` until ten years after it unless `validity` says otherwise
 * (milliseconds since the epoch).
 */
export async function issueCertificate(
  authority: KeyAndCertificate,
  subject: { commonName: string; role: Role; attributes?: Record<string, string> },
  now: number,
  validity = { from: now - 5 * 60_000, until: now + 10 * YEAR_MS },
): Promise<KeyAndCertificate> {
  const issuer = new x509.X509Certificate(authority.certificatePem);
  const signingKey = await importKey(authority.privateKeyPem);
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const extensions: x509.Extension[] = [
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.AuthorityKeyIdentifierExtension(
      await keyIdentifier(await importPublicKey(issuer.publicKey.rawData)),
    ),
  ];
  if (subject.attributes) {
    extensions.push(
      new x509.Extension(ATTRIBUTES_OID, false, Buffer.from(JSON.stringify({ attrs: subject.attributes }))),
    );
  }
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: serialNumber(),
      subject: `${PLACE}, OU=${subject.role}, CN=${subject.commonName}`,
      issuer: issuer.subject,
      notBefore: new Date(validity.from),
      notAfter: new Date(validity.until),
      signingAlgorithm: ALGORITHM,
      publicKey: keys.publicKey,
      signingKey,
      extensions,
    },
    webcrypto,
  );
  return { privateKeyPem: await exportKey(keys.privateKey), certificatePem: pem(certificate) };
}

/** Fabric's key identifier: SHA-256 of the uncompressed public point, in hex. */
async function keyIdentifier(publicKey: webcrypto.CryptoKey): Promise<string> {
  return sha256(new Uint8Array(await webcrypto.subtle.exportKey('raw', publicKey))).toString('hex');
}

/** 128 random bits, positive and never shortened by a leading zero. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

function pem(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem').trim()}\n`;
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const bytes = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${bytes.replace(/(.{64})/g, '$1\n').trimEnd()}\n-----END PRIVATE KEY-----\n`;
}

async function importPublicKey(spki: ArrayBuffer): Promise<webcrypto.CryptoKey> {
  return webcrypto.subtle.importKey('spki', spki, ALGORITHM, true, ['verify']);
}

async function importKey(privateKeyPem: string): Promise<webcrypto.CryptoKey> {
  const bytes = Buffer.from(privateKeyPem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
  return webcrypto.subtle.importKey('pkcs8', bytes, ALGORITHM, false, ['sign']);
}
