// SPDX-License-Identifier: Apache-2.0
import { createHash, createPublicKey, verify, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pino from 'pino';
import { registryCommand } from '../../../gateway/src/commands/registry';
import { connectLedger, type FabricLedger } from '../../../gateway/src/ledger/fabricLedger';
import {
  HsmError,
  type HsmOptions,
  type HsmSigner,
  openHsmSigner,
  subjectKeyIdentifier,
} from '../../../gateway/src/ledger/hsmSigner';
import { LedgerError } from '../../../gateway/src/ledger/ledgerError';
import { runCommand } from '../commands/testIo';
import { requestOf } from '../recorder/support/requests';
import { fakeToken, LIBRARY } from './fakePkcs11';
import { CLIENT, NORTH, startEmbeddedTestNetwork, type TestNetwork } from './network';
import { type Relay, startRelay } from './relay';

// The fake stands where the compiled package does; fabric-gateway's own HSM signer runs above it.
jest.mock('pkcs11js', () => jest.requireActual<object>('./fakePkcs11'), { virtual: true });

const PIN = '98765432';
const HALF_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n >> 1n;

let net: TestNetwork;
let certificatePem = '';
let privateKeyPem = '';
const logged: string[] = [];
const log = pino({ level: 'trace' }, { write: (line: string) => void logged.push(line) });

beforeAll(async () => {
  net = await startEmbeddedTestNetwork();
  await net.north.putClient(CLIENT);
  const { FABRIC_CERT_FILE = '', FABRIC_KEY_FILE = '' } = net.environment(NORTH);
  certificatePem = readFileSync(FABRIC_CERT_FILE, 'utf8');
  privateKeyPem = readFileSync(FABRIC_KEY_FILE, 'utf8');
}, 60_000);
afterAll(() => net.close(), 30_000);

beforeEach(() => {
  fakeToken.reset();
  fakeToken.keys.set(Buffer.from(subjectKeyIdentifier(certificatePem)).toString('hex'), privateKeyPem);
  logged.length = 0;
});
afterEach(() => {
  expect(logged.join('')).not.toContain(PIN);
});

function optionsOf(change: Partial<HsmOptions> = {}): HsmOptions {
  const keyId = subjectKeyIdentifier(certificatePem);
  return { library: LIBRARY, token: 'chartwitness', pin: PIN, keyId, log, ...change };
}

function refusal(change: Partial<HsmOptions> = {}): HsmError {
  try {
    openHsmSigner(optionsOf(change)).close();
  } catch (error) {
    expect(error).toBeInstanceOf(HsmError);
    expect((error as Error).message).not.toContain(PIN);
    return error as HsmError;
  }
  throw new Error('the signer opened');
}

async function failure(promise: Promise<unknown>): Promise<LedgerError> {
  const error: unknown = await promise.then(
    () => new Error('the call succeeded'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LedgerError);
  return error as LedgerError;
}

function withSigner<T>(run: (signer: HsmSigner) => Promise<T>, change: Partial<HsmOptions> = {}): Promise<T> {
  const signer = openHsmSigner(optionsOf(change));
  return run(signer).finally(() => {
    signer.close();
  });
}

const isVerified = (message: Uint8Array, signature: Uint8Array): boolean =>
  verify('sha256', message, createPublicKey(certificatePem), signature);

/** A promise that the test settles. */
function gateOf(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return {
    opened,
    open: () => {
      open();
    },
  };
}

/** The S of an ASN.1 DER ECDSA signature. */
function sOf(der: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(der.subarray(6 + (der[3] ?? 0))).toString('hex')}`);
}

test('the subject key identifier is the SHA-256 of the uncompressed public point', () => {
  const spki = new X509Certificate(certificatePem).publicKey.export({ format: 'der', type: 'spki' });
  const point = spki.subarray(-65);
  expect(point[0]).toBe(0x04);
  expect(Buffer.from(subjectKeyIdentifier(certificatePem))).toEqual(
    createHash('sha256').update(point).digest(),
  );
});

describe('signing', () => {
  test('a signature is the certificate’s, of this message, with a low S', async () => {
    await withSigner(async ({ sign }) => {
      const message = Buffer.from('message');
      const signature = await sign(message);
      expect(isVerified(message, signature)).toBe(true);
      expect(isVerified(Buffer.from('another'), signature)).toBe(false);
      expect(sOf(signature) <= HALF_ORDER).toBe(true);
    });
  });

  test('calls at the same time are signed one after the other, in one session', async () => {
    await withSigner(async ({ sign }) => {
      const messages = Array.from({ length: 20 }, (_, index) => Buffer.from(`message ${String(index)}`));
      const signatures = await Promise.all(messages.map((message) => sign(message)));
      expect(signatures.every((signature, at) => isVerified(messages[at] ?? Buffer.of(), signature))).toBe(
        true,
      );
      expect(fakeToken.count('C_OpenSession')).toBe(1);
    });
  });
});

describe('a token that cannot be used is refused at the start', () => {
  test.each([
    ['another module', { library: '/opt/none.so' }, 'MODULE_ABSENT', /\/opt\/none\.so.*FABRIC_HSM_LIBRARY/],
    ['another label', { token: 'elsewhere' }, 'TOKEN_ABSENT', /"elsewhere".*FABRIC_HSM_TOKEN/],
    ['another PIN', { pin: '00000000' }, 'PIN_REFUSED', /FABRIC_HSM_PIN_FILE.*CKR_PIN_INCORRECT/],
    ['another key', { keyId: Buffer.from('a1b2', 'hex') }, 'KEY_ABSENT', /CKA_ID a1b2.*FABRIC_HSM_KEY_ID/],
  ] as const)('%s', (_what, change, code, message) => {
    const error = refusal(change);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) as string });
    expect(error.message).not.toContain('00000000');
    expect([fakeToken.sessions.size, fakeToken.isInitialised]).toEqual([0, false]);
  });

  test('no slot has a token', () => {
    fakeToken.isPresent = false;
    expect(refusal().code).toBe('TOKEN_ABSENT');
  });

  test('the token is locked', () => {
    fakeToken.failures.push({ at: 'C_Login', name: 'CKR_PIN_LOCKED' });
    expect(refusal()).toMatchObject({ code: 'PIN_REFUSED' });
  });

  test('the module is in use in this process', () => {
    const first = openHsmSigner(optionsOf());
    expect(refusal()).toMatchObject({
      code: 'FAILED',
      message: expect.stringMatching(/CKR_CRYPTOKI_ALREADY_INITIALIZED/) as string,
    });
    first.close();
  });

  test('the module cannot be initialised', () => {
    fakeToken.failures.push({ at: 'C_Initialize', name: 'CKR_DEVICE_REMOVED' });
    expect(refusal()).toMatchObject({
      code: 'FAILED',
      message: expect.stringMatching(/CKR_DEVICE_REMOVED/) as string,
    });
  });

  test('a module that does not end cleanly either does not hide why', () => {
    fakeToken.failures.push({ at: 'C_Finalize', name: 'CKR_DEVICE_REMOVED' });
    expect(refusal({ pin: '00000000' }).code).toBe('PIN_REFUSED');
    expect(logged.join('')).toMatch(/did not close cleanly/);
  });
});

describe('a token that fails while it signs', () => {
  test.each(['C_SignInit', 'C_SignAsync'])('%s: unavailable; the next call has a new session', async (at) => {
    await withSigner(async ({ sign }) => {
      fakeToken.failures.push({ at, name: 'CKR_DEVICE_REMOVED' });
      const error = await failure(sign(Buffer.from('first')));
      expect(error).toMatchObject({
        kind: 'unavailable',
        message: expect.stringMatching(/"chartwitness".*CKR_DEVICE_REMOVED/) as string,
        cause: expect.objectContaining({ code: 'FAILED' }) as HsmError,
      });
      const message = Buffer.from('second');
      expect(isVerified(message, await sign(message))).toBe(true);
      expect([fakeToken.count('C_OpenSession'), fakeToken.sessions.size]).toEqual([2, 1]);
    });
  });

  test('a failure of one call does not fail those that wait behind it', async () => {
    await withSigner(async ({ sign }) => {
      fakeToken.failures.push({ at: 'C_SignAsync', name: 'CKR_DEVICE_REMOVED' });
      const results = await Promise.allSettled(['a', 'b', 'c'].map((text) => sign(Buffer.from(text))));
      expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    });
  });

  test('an unplugged token stays unavailable until it is back', async () => {
    await withSigner(async ({ sign }) => {
      fakeToken.failures.push({ at: 'C_SignInit', name: 'CKR_DEVICE_REMOVED' });
      fakeToken.isPresent = false;
      await failure(sign(Buffer.from('message')));
      expect(await failure(sign(Buffer.from('message')))).toMatchObject({
        kind: 'unavailable',
        cause: expect.objectContaining({ code: 'TOKEN_ABSENT' }) as HsmError,
      });
      fakeToken.isPresent = true;
      const message = Buffer.from('message');
      expect(isVerified(message, await sign(message))).toBe(true);
    });
  });

  test('a PIN that is refused later is not tried again: the token would lock', async () => {
    await withSigner(async ({ sign }) => {
      fakeToken.pin = '11111111';
      fakeToken.failures.push({ at: 'C_SignInit', name: 'CKR_USER_NOT_LOGGED_IN' });
      await failure(sign(Buffer.from('message')));
      const logins = fakeToken.count('C_Login');
      for (let attempt = 0; attempt < 5; attempt += 1) {
        expect(await failure(sign(Buffer.from('message')))).toMatchObject({
          kind: 'unavailable',
          cause: expect.objectContaining({ code: 'PIN_REFUSED' }) as HsmError,
        });
      }
      expect(fakeToken.count('C_Login')).toBe(logins + 1);
    });
  });

  test('a token that does not answer in time: unavailable, and calls behind it that are too late are not signed', async () => {
    const gate = gateOf();
    await withSigner(
      async ({ sign }) => {
        fakeToken.held = gate.opened;
        const calls = [sign(Buffer.from('first')), sign(Buffer.from('second'))];
        for (const call of calls) {
          expect(await failure(call)).toMatchObject({
            kind: 'unavailable',
            message: expect.stringMatching(/did not sign in 50 ms/) as string,
          });
        }
        gate.open();
        const message = Buffer.from('third');
        expect(isVerified(message, await sign(message))).toBe(true);
        expect(fakeToken.count('C_SignInit')).toBe(2);
      },
      { deadlineMs: 50 },
    );
  });
});

describe('closing', () => {
  test('ends session and module; signing afterwards is unavailable and opens nothing', async () => {
    const signer = openHsmSigner(optionsOf());
    signer.close();
    signer.close();
    expect([fakeToken.sessions.size, fakeToken.isInitialised]).toEqual([0, false]);
    expect((await failure(signer.sign(Buffer.from('message')))).kind).toBe('unavailable');
    expect([fakeToken.count('C_Initialize'), fakeToken.count('C_Finalize')]).toEqual([1, 1]);
  });

  test('waits for the signature in progress', async () => {
    const gate = gateOf();
    const signer = openHsmSigner(optionsOf());
    fakeToken.held = gate.opened;
    const message = Buffer.from('message');
    const signature = signer.sign(message);
    await Promise.resolve();
    await Promise.resolve();
    expect(fakeToken.count('C_SignAsync')).toBe(1);
    signer.close();
    expect(fakeToken.isInitialised).toBe(true);
    gate.open();
    expect(isVerified(message, await signature)).toBe(true);
    expect([fakeToken.sessions.size, fakeToken.isInitialised]).toEqual([0, false]);
  });

  test('says when a session does not close, and ends the module all the same', () => {
    const signer = openHsmSigner(optionsOf());
    fakeToken.failures.push({ at: 'C_CloseSession', name: 'CKR_DEVICE_REMOVED' });
    signer.close();
    expect(fakeToken.isInitialised).toBe(false);
    expect(logged.join('')).toMatch(/did not close cleanly/);
  });
});

describe('the ledger over a token', () => {
  let relay: Relay;
  let north: FabricLedger;
  let lane = 0;
  beforeEach(async () => {
    lane += 1;
    relay = await startRelay(net.network.embedded.organisation(NORTH).endpoint);
    north = await connect();
    relay.calls.length = 0;
  });
  afterEach(() => {
    north.close();
    relay.close();
    expect([fakeToken.sessions.size, fakeToken.isInitialised]).toEqual([0, false]);
  });

  function connect(certificate = certificatePem): Promise<FabricLedger> {
    const signer = openHsmSigner(optionsOf());
    return connectLedger({
      endpoint: relay.endpoint,
      identity: { mspId: NORTH, certificatePem: certificate },
      signer: signer.sign,
      closeSigner: () => {
        signer.close();
      },
      channel: 'chartwitness',
      chaincode: 'provenance',
      log,
    });
  }

  const laneName = (): string => `${NORTH}/hsm-${String(lane)}`;
  const record = () => north.recordBatch(laneName(), 0, { start: 0, requests: [requestOf(lane)] });
  const isRecorded = async (): Promise<boolean> => (await net.north.findBatch(laneName(), 0)) !== undefined;

  test('a batch is recorded', async () => {
    expect((await record()).permitted).toEqual([[true, true]]);
    expect(await isRecorded()).toBe(true);
  });

  test('the proposal is not signed: unavailable, nothing was proposed', async () => {
    await north.findSettings();
    relay.calls.length = 0;
    fakeToken.failures.push({ at: 'C_SignInit', name: 'CKR_DEVICE_REMOVED' });
    expect(await failure(record())).toMatchObject({ kind: 'unavailable' });
    expect(relay.calls).toEqual([]);
    expect(await isRecorded()).toBe(false);
  });

  test('the transaction is not signed: unavailable at once, nothing was handed in', async () => {
    await north.findSettings();
    relay.meddle.Endorse.push((request, forward) => {
      fakeToken.failures.push({ at: 'C_SignInit', name: 'CKR_DEVICE_REMOVED' });
      return forward(request);
    });
    expect(await failure(record())).toMatchObject({ kind: 'unavailable' });
    expect(relay.calls).not.toContain('Submit');
    expect(relay.calls).not.toContain('CommitStatus');
    expect(await isRecorded()).toBe(false);
    expect((await record()).permitted).toEqual([[true, true]]);
  });

  test('a failure after the transaction was handed in loses nothing', async () => {
    relay.meddle.Submit.push((request, forward) => {
      fakeToken.failures.push({ at: 'C_SignInit', name: 'CKR_DEVICE_REMOVED' });
      return forward(request);
    });
    expect((await record()).permitted).toEqual([[true, true]]);
    expect(await isRecorded()).toBe(true);
  });

  test('a certificate that is not the key’s is refused, and the session ended', async () => {
    north.close();
    const { FABRIC_CERT_FILE = '' } = net.administrator(NORTH);
    await expect(connect(readFileSync(FABRIC_CERT_FILE, 'utf8'))).rejects.toThrow('does not belong');
    expect([fakeToken.sessions.size, fakeToken.isInitialised]).toEqual([0, false]);
  });

  test('a command says that its token failed, and that nothing was changed', async () => {
    north.close();
    const pinFile = join(mkdtempSync(join(tmpdir(), 'hsm-signer-')), 'pin');
    writeFileSync(pinFile, `${PIN}\n`, { mode: 0o600 });
    const token = {
      FABRIC_KEY_FILE: '',
      FABRIC_HSM_LIBRARY: LIBRARY,
      FABRIC_HSM_TOKEN: 'chartwitness',
      FABRIC_HSM_PIN_FILE: pinFile,
    };
    const list = () => runCommand(registryCommand, { ...net.environment(NORTH), ...token }, ['list']);
    expect(await list()).toContain(NORTH);
    // The first signature is the check of the identity.
    fakeToken.failures.push({ at: 'C_SignInit', name: 'CKR_DEVICE_REMOVED', skip: 1 });
    await expect(list()).rejects.toThrow(
      /^Nothing was changed. The token "chartwitness" .*CKR_DEVICE_REMOVED/,
    );
    rmSync(dirname(pinFile), { recursive: true });
  });
});
