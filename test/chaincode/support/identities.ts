// SPDX-License-Identifier: Apache-2.0
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

/**
 * Who calls: an MSP id and a certificate that states the role. The fake peer does not check signatures; a
 * real one has by then.
 */
export interface Identity {
  readonly mspId: string;
  readonly certificatePem: string;
}

/** Where Fabric's CA puts attributes into a certificate. */
const ATTRIBUTES_OID = '1.2.3.4.5.6.7.8.1';

export async function createIdentity(mspId: string, role?: string): Promise<Identity> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const attributes = JSON.stringify({ attrs: role === undefined ? {} : { 'chartwitness.role': role } });
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=caller,O=${mspId}`,
    keys,
    signingAlgorithm: algorithm,
    extensions: [new x509.Extension(ATTRIBUTES_OID, false, Buffer.from(attributes))],
  });
  return { mspId, certificatePem: certificate.toString('pem') };
}
