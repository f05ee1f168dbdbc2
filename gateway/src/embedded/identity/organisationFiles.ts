// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { makeKeyFile, readKeyFile } from '../../keys/keyFile';
import { createAuthority, domainOf, issueCertificate, type KeyAndCertificate } from './certificateAuthority';
import type { Role } from './membership';

export interface StoredCredentials extends KeyAndCertificate {
  certificatePath: string;
  privateKeyPath: string;
}

/** An organisation's certificates and keys as they lie in its folder. */
export interface OrganisationFiles {
  mspId: string;
  authority: StoredCredentials;
  /** The peer's identity, or the orderer's for the ordering organisation. */
  node: StoredCredentials;
  users: Map<string, StoredCredentials>;
}

interface Wanted {
  commonName: string;
  role: Role;
  attributes?: Record<string, string>;
}

/**
 * Reads an organisation's keys and certificates from `folder`, making those that are missing. Existing ones
 * are kept, so identities survive a restart; a user added later is issued by the same authority.
 * @throws Error for a key file that is missing beside its certificate, that others can read, or that holds
 *   another key.
 */
export async function openOrganisationFiles(
  folder: string,
  mspId: string,
  nodeRole: 'peer' | 'orderer',
  users: readonly { name: string; attributes?: Record<string, string> }[],
  now: number,
): Promise<OrganisationFiles> {
  const domain = domainOf(mspId);
  const authority = await readOrMake(path.join(folder, 'ca'), () => createAuthority(mspId, now));
  const issue = (name: string, wanted: Wanted): Promise<StoredCredentials> =>
    readOrMake(path.join(folder, name), () => issueCertificate(authority, wanted, now));
  const nodeName = nodeRole === 'peer' ? `peer0.${domain}` : `orderer.${domain}`;
  const node = await issue(nodeRole, { commonName: nodeName, role: nodeRole });
  const stored = new Map<string, StoredCredentials>();
  if (nodeRole === 'peer') {
    stored.set('Admin', await issue('users/Admin', { commonName: `Admin@${domain}`, role: 'admin' }));
    for (const user of users) {
      if (user.name === 'Admin') {
        continue;
      }
      const attributes = user.attributes === undefined ? {} : { attributes: user.attributes };
      const wanted: Wanted = { commonName: `${user.name}@${domain}`, role: 'client', ...attributes };
      stored.set(user.name, await issue(`users/${safeName(user.name)}`, wanted));
    }
  }
  return { mspId, authority, node, users: stored };
}

function safeName(name: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/.test(name)) {
    throw new Error(`User name '${name}' cannot be a file name: use letters, digits, '.', '_', '@' and '-'.`);
  }
  return name;
}

async function readOrMake(
  folder: string,
  make: () => Promise<KeyAndCertificate>,
): Promise<StoredCredentials> {
  const certificatePath = path.resolve(folder, 'cert.pem');
  const privateKeyPath = path.resolve(folder, 'key.pem');
  if (!existsSync(certificatePath)) {
    const made = await make();
    // A key without a certificate is left of a crash: nobody has seen it.
    rmSync(privateKeyPath, { force: true });
    makeKeyFile(privateKeyPath, made.privateKeyPem);
    makeKeyFile(certificatePath, made.certificatePem);
  }
  const certificatePem = readFileSync(certificatePath, 'utf8');
  return {
    certificatePath,
    privateKeyPath,
    certificatePem,
    privateKeyPem: readKeyFile(privateKeyPath, (content) => keyOf(certificatePem, content)),
  };
}

/** @throws RangeError for what is not the certificate's private key. */
function keyOf(certificatePem: string, content: Buffer): string {
  if (!belongsTo(certificatePem, content)) {
    throw new RangeError('it does not hold the private key of the certificate beside it');
  }
  return content.toString('utf8');
}

function belongsTo(certificatePem: string, key: Buffer): boolean {
  try {
    return new X509Certificate(certificatePem).checkPrivateKey(createPrivateKey(key));
  } catch {
    // Neither says more than that it is none, and their words may quote it.
    return false;
  }
}
