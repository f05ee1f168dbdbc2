// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey } from 'node:crypto';
import { p256 } from '@noble/curves/nist';

/** Codes of PKCS#11 v2.40 (`pkcs11t.h`) for the failures that the fake can have. */
const CODES = {
  CKR_DEVICE_REMOVED: 0x32,
  CKR_OPERATION_ACTIVE: 0x90,
  CKR_OPERATION_NOT_INITIALIZED: 0x91,
  CKR_PIN_INCORRECT: 0xa0,
  CKR_PIN_LOCKED: 0xa4,
  CKR_SESSION_HANDLE_INVALID: 0xb3,
  CKR_USER_ALREADY_LOGGED_IN: 0x100,
  CKR_USER_NOT_LOGGED_IN: 0x101,
  CKR_CRYPTOKI_NOT_INITIALIZED: 0x190,
  CKR_CRYPTOKI_ALREADY_INITIALIZED: 0x191,
} as const;
type FailureName = keyof typeof CODES;

/** A file that exists, which the configuration insists on. */
export const LIBRARY = __filename;
const SLOT = Buffer.from('slot');
const LABEL_BYTES = 32;

class Pkcs11Error extends Error {
  override readonly name = 'Pkcs11Error';
  readonly code: number;
  constructor(name: FailureName) {
    super(name);
    this.code = CODES[name];
  }
}

/** What the one token of the fake module is, and what it saw. */
class FakeToken {
  label = 'chartwitness';
  pin = '98765432';
  isPresent = true;
  /** PKCS #8 PEM by CKA_ID, hexadecimal. */
  readonly keys = new Map<string, string>();
  /** Thrown by the next calls of a function, in this order; by one after `skip` others. */
  readonly failures: { readonly at: string; readonly name: FailureName; skip?: number }[] = [];
  readonly calls: string[] = [];
  /** When set, signatures wait for it. */
  held: Promise<void> | undefined;
  readonly sessions = new Set<Session>();
  isInitialised = false;
  isLoggedIn = false;

  reset(): void {
    Object.assign(this, { label: 'chartwitness', pin: '98765432', isPresent: true, held: undefined });
    Object.assign(this, { isInitialised: false, isLoggedIn: false });
    this.keys.clear();
    this.sessions.clear();
    this.failures.length = 0;
    this.calls.length = 0;
  }

  count(name: string): number {
    return this.calls.filter((call) => call === name).length;
  }

  enter(name: string): void {
    this.calls.push(name);
    const at = this.failures.findIndex((failure) => failure.at === name);
    const failure = this.failures[at];
    if (failure !== undefined && (failure.skip ?? 0) > 0) {
      failure.skip = (failure.skip ?? 0) - 1;
    } else if (failure !== undefined) {
      this.failures.splice(at, 1);
      throw new Pkcs11Error(failure.name);
    }
    if (!this.isInitialised && name !== 'C_Initialize') {
      throw new Pkcs11Error('CKR_CRYPTOKI_NOT_INITIALIZED');
    }
  }

  session(handle: Session): Session {
    if (!this.sessions.has(handle)) {
      throw new Pkcs11Error('CKR_SESSION_HANDLE_INVALID');
    }
    return handle;
  }
}

interface Session {
  found: string[];
  /** CKA_ID of the key that the operation in progress signs with. */
  signingWith: string | undefined;
}

export const fakeToken = new FakeToken();

export const CKF_SERIAL_SESSION = 4;
export const CKU_USER = 1;
export const CKO_PRIVATE_KEY = 3;
export const CKK_EC = 3;
export const CKM_ECDSA = 0x1041;
export const CKA_CLASS = 0;
export const CKA_KEY_TYPE = 0x100;
export const CKA_ID = 0x102;
export const CKR_USER_ALREADY_LOGGED_IN = CODES.CKR_USER_ALREADY_LOGGED_IN;

/**
 * A FAKE of the package pkcs11js: a PKCS#11 module with one token, which keeps to the standard's rules about
 * initialisation, sessions, login and operations. Its signatures are real, and always the one of the two with
 * the high S, as tokens may give it.
 */
export class PKCS11 {
  load(library: string): void {
    if (library !== LIBRARY) {
      throw new Error(`${library}: cannot open shared object file: No such file or directory`);
    }
  }

  C_Initialize(): void {
    fakeToken.enter('C_Initialize');
    if (fakeToken.isInitialised) {
      throw new Pkcs11Error('CKR_CRYPTOKI_ALREADY_INITIALIZED');
    }
    fakeToken.isInitialised = true;
  }

  C_Finalize(): void {
    fakeToken.enter('C_Finalize');
    fakeToken.isInitialised = false;
    fakeToken.isLoggedIn = false;
    fakeToken.sessions.clear();
  }

  C_GetSlotList(): Buffer[] {
    fakeToken.enter('C_GetSlotList');
    return fakeToken.isPresent ? [SLOT] : [];
  }

  C_GetTokenInfo(): { label: string } {
    fakeToken.enter('C_GetTokenInfo');
    return { label: fakeToken.label.padEnd(LABEL_BYTES) };
  }

  C_OpenSession(): Session {
    fakeToken.enter('C_OpenSession');
    const session: Session = { found: [], signingWith: undefined };
    fakeToken.sessions.add(session);
    return session;
  }

  C_CloseSession(handle: Session): void {
    fakeToken.enter('C_CloseSession');
    fakeToken.sessions.delete(fakeToken.session(handle));
    fakeToken.isLoggedIn &&= fakeToken.sessions.size > 0;
  }

  C_Login(handle: Session, _user: number, pin: string): void {
    fakeToken.enter('C_Login');
    fakeToken.session(handle);
    if (fakeToken.isLoggedIn) {
      throw new Pkcs11Error('CKR_USER_ALREADY_LOGGED_IN');
    }
    if (pin !== fakeToken.pin) {
      throw new Pkcs11Error('CKR_PIN_INCORRECT');
    }
    fakeToken.isLoggedIn = true;
  }

  C_FindObjectsInit(handle: Session, template: readonly { type: number; value: unknown }[]): void {
    fakeToken.enter('C_FindObjectsInit');
    const id = template.find(({ type }) => type === CKA_ID)?.value as Buffer;
    // Private objects show only after login.
    fakeToken.session(handle).found =
      fakeToken.isLoggedIn && fakeToken.keys.has(id.toString('hex')) ? [id.toString('hex')] : [];
  }

  C_FindObjects(handle: Session, count: number): string[] {
    fakeToken.enter('C_FindObjects');
    return fakeToken.session(handle).found.splice(0, count);
  }

  C_FindObjectsFinal(handle: Session): void {
    fakeToken.enter('C_FindObjectsFinal');
    fakeToken.session(handle).found = [];
  }

  C_SignInit(handle: Session, _mechanism: unknown, key: string): void {
    fakeToken.enter('C_SignInit');
    const session = fakeToken.session(handle);
    if (session.signingWith !== undefined) {
      throw new Pkcs11Error('CKR_OPERATION_ACTIVE');
    }
    session.signingWith = key;
  }

  async C_SignAsync(handle: Session, digest: Buffer, signature: Buffer): Promise<Buffer> {
    fakeToken.enter('C_SignAsync');
    await fakeToken.held;
    const session = fakeToken.session(handle);
    const pem = session.signingWith === undefined ? undefined : fakeToken.keys.get(session.signingWith);
    session.signingWith = undefined;
    if (pem === undefined) {
      throw new Pkcs11Error('CKR_OPERATION_NOT_INITIALIZED');
    }
    signature.set(highS(digest, pem));
    return signature;
  }
}

function highS(digest: Uint8Array, privateKeyPem: string): Uint8Array {
  const { d = '' } = createPrivateKey(privateKeyPem).export({ format: 'jwk' });
  const { r, s } = p256.sign(digest, Buffer.from(d, 'base64url'), { lowS: true });
  return new p256.Signature(r, p256.Point.Fn.ORDER - s).toBytes('compact');
}
