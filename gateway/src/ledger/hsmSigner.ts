// SPDX-License-Identifier: Apache-2.0
import { createHash, X509Certificate } from 'node:crypto';
import { type HSMSignerFactory, signers } from '@hyperledger/fabric-gateway';
import type { Logger } from 'pino';
import { LedgerError } from './ledgerError';
import type { MessageSigner } from './signer';

export interface HsmOptions {
  /** Absolute path of the PKCS#11 module, a shared library. */
  readonly library: string;
  /** Label of the token in one of the module's slots. */
  readonly token: string;
  /** The token's user PIN. */
  readonly pin: string;
  /** CKA_ID of the private key. */
  readonly keyId: Uint8Array;
  /**
   * Longest time from a call to its signature, in milliseconds, waiting for earlier ones included. Default
   * 5,000.
   */
  readonly deadlineMs?: number;
  readonly log: Logger;
}

/** Signs with a key that never leaves its PKCS#11 token. */
export interface HsmSigner {
  /**
   * Rejects with {@link LedgerError} `unavailable` when the token does not sign: then nothing was signed, so
   * nothing was sent.
   */
  readonly sign: MessageSigner;
  /**
   * Ends the session and the use of the module; a signature in progress is finished first. Signing afterwards
   * is `unavailable`.
   */
  close(): void;
}

/**
 * - `PACKAGE_ABSENT`: the optional package pkcs11js is not installed.
 * - `MODULE_ABSENT`: the PKCS#11 module cannot be loaded.
 * - `TOKEN_ABSENT`: no slot has a token with that label.
 * - `PIN_REFUSED`: the token refuses the PIN, or it is locked.
 * - `KEY_ABSENT`: the token has no private EC key with that CKA_ID.
 * - `FAILED`: any other failure, by its CKR name.
 */
export type HsmErrorCode =
  'PACKAGE_ABSENT' | 'MODULE_ABSENT' | 'TOKEN_ABSENT' | 'PIN_REFUSED' | 'KEY_ABSENT' | 'FAILED';

/** What keeps a PKCS#11 token from signing, where, and what to do about it; never the PIN. */
export class HsmError extends Error {
  override readonly name = 'HsmError';
  readonly code: HsmErrorCode;
  constructor(code: HsmErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const DEADLINE_MS = 5_000;

/**
 * Loads the module, logs in to the token and finds the key. PKCS#11 modules are initialised for a whole
 * process, so a process has one such signer for a module.
 * @throws {@link HsmError}
 */
export function openHsmSigner(options: HsmOptions): HsmSigner {
  return new TokenSigner(options);
}

/**
 * The CKA_ID under which Fabric's tools keep a key: its subject key identifier, the SHA-256 of the public
 * point in uncompressed form (`bccsp/pkcs11` of Fabric; `fabric-ca-client` uses it).
 * @throws TypeError when the certificate's key is not on P-256.
 */
export function subjectKeyIdentifier(certificatePem: string): Uint8Array {
  const { crv, x = '', y = '' } = new X509Certificate(certificatePem).publicKey.export({ format: 'jwk' });
  if (crv !== 'P-256') {
    throw new TypeError('The signing certificate must be for an elliptic curve key on P-256 (prime256v1)');
  }
  return createHash('sha256')
    .update(Buffer.of(0x04))
    .update(Buffer.from(x, 'base64url'))
    .update(Buffer.from(y, 'base64url'))
    .digest();
}

interface Session {
  sign(digest: Uint8Array): Promise<Uint8Array>;
  /** Every part is closed, also after one failed. @returns what failed. */
  close(): readonly unknown[];
}

/**
 * One session. A session has one operation at a time (CKR_OPERATION_ACTIVE) and the client initialises
 * modules for one thread at a time, so signatures are made one after the other. After a failure session and
 * module are opened anew for the next signature: a token that was unplugged, or a network HSM that dropped
 * its sessions, needs no restart of the service.
 */
class TokenSigner implements HsmSigner {
  readonly #options: HsmOptions;
  #session: Session | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #isSigning = false;
  #isClosed = false;
  #pinRefusal: HsmError | undefined;

  constructor(options: HsmOptions) {
    this.#options = options;
    this.#session = openSession(options);
  }

  readonly sign: MessageSigner = (message) => {
    const digest = createHash('sha256').update(message).digest();
    const { deadlineMs = DEADLINE_MS, token } = this.#options;
    const call = { isLate: false };
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        call.isLate = true;
        reject(unavailable(new HsmError('FAILED', `The token "${token}" did not sign in ${deadlineMs} ms`)));
      }, deadlineMs);
      // Never rejects, so the next call's turn always comes.
      this.#last = this.#last
        .then(() => (call.isLate ? undefined : this.#signNow(digest).then(resolve, reject)))
        .finally(() => {
          clearTimeout(timer);
        });
    });
  };

  close(): void {
    this.#isClosed = true;
    if (!this.#isSigning) {
      this.#discard();
    }
  }

  async #signNow(digest: Uint8Array): Promise<Uint8Array> {
    this.#isSigning = true;
    try {
      this.#session ??= this.#reopen();
      return await this.#session.sign(digest);
    } catch (error) {
      this.#discard();
      throw unavailable(toHsmError(error, this.#options));
    } finally {
      this.#isSigning = false;
      if (this.#isClosed) {
        this.#discard();
      }
    }
  }

  #reopen(): Session {
    if (this.#isClosed) {
      throw new HsmError('FAILED', `The session with the token "${this.#options.token}" is closed`);
    }
    // A token locks after a few wrong PINs: the same one is not tried again.
    if (this.#pinRefusal !== undefined) {
      throw this.#pinRefusal;
    }
    try {
      const session = openSession(this.#options);
      this.#options.log.warn({ token: this.#options.token }, 'opened a new session with the PKCS#11 token');
      return session;
    } catch (error) {
      if (error instanceof HsmError && error.code === 'PIN_REFUSED') {
        this.#pinRefusal = error;
      }
      throw error;
    }
  }

  #discard(): void {
    const failures = this.#session?.close() ?? [];
    this.#session = undefined;
    for (const err of failures) {
      this.#options.log.warn(
        { err, token: this.#options.token },
        'the PKCS#11 session did not close cleanly',
      );
    }
  }
}

function openSession(options: HsmOptions): Session {
  const { library, token, pin, keyId } = options;
  const factory = loadModule(options);
  const dispose = (): void => {
    factory.dispose();
  };
  try {
    const { signer, close } = factory.newSigner({ label: token, pin, identifier: Buffer.from(keyId) });
    return { sign: signer, close: () => failuresOf([close, dispose]) };
  } catch (error) {
    // The next attempt initialises the module again, so this one must end its use; what the caller learns is
    // why it failed.
    for (const err of failuresOf([dispose])) {
      options.log.warn({ err, library }, 'the PKCS#11 module did not close cleanly');
    }
    throw toHsmError(error, options);
  }
}

function loadModule(options: HsmOptions): HSMSignerFactory {
  try {
    return signers.newHSMSignerFactory(options.library);
  } catch (error) {
    const failure = toHsmError(error, options);
    // PKCS#11 names its failures; one without a name is the loader's.
    throw failure.code === 'FAILED' && !reasonOf(error).startsWith('CKR_')
      ? new HsmError(
          'MODULE_ABSENT',
          `The PKCS#11 module ${options.library} (FABRIC_HSM_LIBRARY) cannot be loaded: ${reasonOf(error)}. Install the token's software, or name its module`,
          { cause: error },
        )
      : failure;
  }
}

function failuresOf(steps: readonly (() => void)[]): readonly unknown[] {
  return steps.flatMap((step) => {
    try {
      step();
      return [];
    } catch (error) {
      return [error];
    }
  });
}

function unavailable(cause: HsmError): LedgerError {
  return new LedgerError('unavailable', cause.message, { cause });
}

/** The package is missing, or is there without its compiled part. */
const NOT_INSTALLED: readonly unknown[] = ['MODULE_NOT_FOUND', 'ERR_DLOPEN_FAILED'];
/** What the client says itself, before or beside PKCS#11 (`hsmsigner.js` of fabric-gateway). */
const NO_TOKEN = /^No pkcs11 slots can be found|cannot be found in the pkcs11 slot list$/;
const NO_KEY = /^Unable to find object in HSM/;
/**
 * PKCS#11's names of all that has to do with a PIN: incorrect, invalid, length, expired, locked, not yet set.
 */
const PIN = /^CKR_(PIN_\w+|USER_PIN_NOT_INITIALIZED)$/;
const IN_USE = 'CKR_CRYPTOKI_ALREADY_INITIALIZED';

function toHsmError(error: unknown, options: HsmOptions): HsmError {
  if (error instanceof HsmError) {
    return error;
  }
  const [code, message] = explain(reasonOf(error), errorCode(error), options);
  return new HsmError(code, message, { cause: error });
}

function explain(reason: string, code: unknown, options: HsmOptions): [HsmErrorCode, string] {
  const { library, token, keyId } = options;
  if (NOT_INSTALLED.includes(code)) {
    return [
      'PACKAGE_ABSENT',
      `FABRIC_HSM_LIBRARY is set, but the optional package pkcs11js is not installed (${firstLine(reason)}). Install a C++ compiler, make and Python 3, then run "npm ci" again`,
    ];
  }
  if (NO_TOKEN.test(reason)) {
    return [
      'TOKEN_ABSENT',
      `No slot of ${library} (FABRIC_HSM_LIBRARY) has a token labelled "${token}" (FABRIC_HSM_TOKEN). Connect or initialise it, or correct the label; pkcs11-tool --module ${library} --list-token-slots shows what there is`,
    ];
  }
  if (NO_KEY.test(reason)) {
    const id = Buffer.from(keyId).toString('hex');
    return [
      'KEY_ABSENT',
      `The token "${token}" has no private EC key with the CKA_ID ${id} (FABRIC_HSM_KEY_ID; not set: the subject key identifier of FABRIC_CERT_FILE). pkcs11-tool --module ${library} --login --list-objects shows what there is`,
    ];
  }
  if (PIN.test(reason)) {
    return [
      'PIN_REFUSED',
      `The token "${token}" refuses the PIN in FABRIC_HSM_PIN_FILE (${reason}). Correct the file and start again; the same PIN is not tried twice, because tokens lock after a few wrong ones`,
    ];
  }
  if (reason === IN_USE) {
    return ['FAILED', `${library} (FABRIC_HSM_LIBRARY) is in use in this process already (${reason})`];
  }
  return [
    'FAILED',
    `The token "${token}" (FABRIC_HSM_TOKEN) failed with ${reason}. Look at the token and its own log`,
  ];
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function errorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function firstLine(text: string): string {
  return text.split('\n', 1).join('');
}
