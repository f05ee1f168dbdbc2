// SPDX-License-Identifier: Apache-2.0
import { X509Certificate, type KeyObject } from 'node:crypto';
import { msp } from '@hyperledger/fabric-protos';
import { sha256 } from '../protocol/sha256';
import { verifyLowS } from './lowS';

export type Role = 'client' | 'peer' | 'admin' | 'orderer';
const ROLES: readonly string[] = ['client', 'peer', 'admin', 'orderer'];
const CACHE_LIMIT = 2000;

/** Who an identity is, as far as policies ask. */
export interface Principal {
  mspId: string;
  role: Role;
}

/** An identity whose certificate was issued by its organisation's authority. */
export interface Identity {
  mspId: string;
  /**
   * The one node-OU role of the certificate; undefined when it has none or several, which makes it invalid.
   */
  role: Role | undefined;
  publicKey: KeyObject;
  certificateSha256: string;
}

/** The channel's members: turns the creator bytes of a message into an identity, or refuses them. */
export class Membership {
  readonly #authorities = new Map<string, X509Certificate>();
  readonly #cache = new Map<string, Identity | undefined>();
  readonly #expiries = new Map<string, number | undefined>();

  /** `authorities`: MSP id → PEM of the organisation's root certificate. */
  constructor(authorities: Iterable<[string, string]>) {
    for (const [mspId, pem] of authorities) {
      this.#authorities.set(mspId, new X509Certificate(pem));
    }
  }

  has(mspId: string): boolean {
    return this.#authorities.has(mspId);
  }

  /**
   * Undefined when the bytes are malformed, the MSP is unknown or its authority did not issue the
   * certificate.
   */
  identify(creator: Uint8Array): Identity | undefined {
    const key = Buffer.from(creator).toString('latin1');
    if (this.#cache.has(key)) {
      return this.#cache.get(key);
    }
    const identity = this.#parse(creator);
    if (this.#cache.size >= CACHE_LIMIT) {
      this.#cache.clear();
    }
    this.#cache.set(key, identity);
    return identity;
  }

  /**
   * Whether the certificate in the creator bytes has run out at `now` (ms); its issuer does not matter. A
   * peer looks at this where a proposal, a transaction or a request for blocks comes in, and nowhere else: a
   * transaction in a block stays what it is.
   */
  hasExpired(creator: Uint8Array, now: number): boolean {
    const key = Buffer.from(creator).toString('latin1');
    if (!this.#expiries.has(key)) {
      if (this.#expiries.size >= CACHE_LIMIT) {
        this.#expiries.clear();
      }
      const parsed = deserialize(creator);
      this.#expiries.set(key, parsed && Date.parse(parsed.certificate.validTo));
    }
    return now > (this.#expiries.get(key) ?? Infinity);
  }

  #parse(creator: Uint8Array): Identity | undefined {
    const parsed = deserialize(creator);
    const authority = parsed && this.#authorities.get(parsed.mspId);
    if (!parsed || !authority) {
      return undefined;
    }
    const { certificate } = parsed;
    if (!certificate.checkIssued(authority) || !certificate.verify(authority.publicKey)) {
      return undefined;
    }
    if (!beganUnder(authority, certificate)) {
      return undefined;
    }
    return {
      mspId: parsed.mspId,
      role: certificate.ca ? undefined : roleOf(certificate),
      publicKey: certificate.publicKey,
      certificateSha256: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    };
  }
}

function deserialize(creator: Uint8Array): { mspId: string; certificate: X509Certificate } | undefined {
  try {
    const serialized = msp.SerializedIdentity.deserializeBinary(creator);
    return {
      mspId: serialized.getMspid(),
      certificate: new X509Certificate(Buffer.from(serialized.getIdBytes_asU8())),
    };
  } catch {
    return undefined; // malformed bytes: the caller answers "creator is malformed"
  }
}

function roleOf(certificate: X509Certificate): Role | undefined {
  const units = certificate.subject
    .split('\n')
    .filter((line) => line.startsWith('OU='))
    .map((line) => line.slice(3))
    .filter((unit): unit is Role => ROLES.includes(unit));
  return units.length === 1 ? units[0] : undefined;
}

/**
 * A peer judges the chain at the moment when the certificate began, so that old blocks stay valid: its
 * authority must have begun before.
 */
function beganUnder(authority: X509Certificate, certificate: X509Certificate): boolean {
  const beginning = Date.parse(certificate.validFrom);
  return beginning >= Date.parse(authority.validFrom) && beginning <= Date.parse(authority.validTo);
}

/** True when the certificate has a role. */
export function hasRole(identity: Identity): identity is Identity & { role: Role } {
  return identity.role !== undefined;
}

/** Signatures that were found good: peers and orderer of one process see the same ones several times. */
const verified = new Set<string>();
const VERIFIED_LIMIT = 10_000;

/** Checks a low-S ECDSA signature over SHA-256 of `data`. */
export function hasSigned(identity: Identity, data: Uint8Array, signature: Uint8Array): boolean {
  const key = sha256(identity.certificateSha256, sha256(data), signature).toString('latin1');
  if (verified.has(key)) {
    return true;
  }
  if (!verifyLowS(identity.publicKey, data, signature)) {
    return false;
  }
  if (verified.size >= VERIFIED_LIMIT) {
    verified.clear();
  }
  verified.add(key);
  return true;
}

/** Bytes of `msp.SerializedIdentity`, the form in which identities travel. */
export function serializeIdentity(mspId: string, certificatePem: string): Uint8Array {
  const identity = new msp.SerializedIdentity();
  identity.setMspid(mspId);
  identity.setIdBytes(Buffer.from(certificatePem));
  return identity.serializeBinary();
}
