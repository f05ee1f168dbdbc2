// SPDX-License-Identifier: Apache-2.0
/**
 * The product's own program with its key in a SoftHSM token. A module reads the environment of its process,
 * so it has one of its own.
 */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { subjectKeyIdentifier } from '../../../gateway/src/ledger/hsmSigner';
import { findSoftHsm, makeSoftToken, type SoftToken } from '../../support/softHsm';
import { CLIENT, NORTH, SOUTH, startTestNetwork, type TestNetwork } from './network';

jest.setTimeout(120_000);

const PROGRAM = resolve(__dirname, '../../../gateway/bin/chartwitness.cjs');
const PIN = '73519026';
const softHsm = findSoftHsm();

if (softHsm.kind === 'absent') {
  test('the signing key in a PKCS#11 token (SoftHSM): not run', () => {
    process.stderr.write(`Signing key in a PKCS#11 token (SoftHSM): NOT RUN. ${softHsm.reason}\n`);
    expect(softHsm.reason).not.toBe('');
  });
} else {
  describe('the signing key in a PKCS#11 token (SoftHSM)', () => {
    const { library } = softHsm;
    let net: TestNetwork;
    let token: SoftToken;
    let jwks = '';
    beforeAll(async () => {
      net = await startTestNetwork();
      token = makeSoftToken('chartwitness', PIN);
      token.importKey(net.environment(NORTH)['FABRIC_KEY_FILE'] ?? '', idOf(NORTH));
      jwks = join(token.environment.SOFTHSM2_CONF, '../jwks.json');
      writeFileSync(jwks, JSON.stringify(CLIENT.jwks));
    });
    afterAll(async () => {
      token.remove();
      await net.close();
    });

    function idOf(mspId: string): string {
      const certificate = readFileSync(net.environment(mspId)['FABRIC_CERT_FILE'] ?? '', 'utf8');
      return Buffer.from(subjectKeyIdentifier(certificate)).toString('hex');
    }

    /** Runs the program as the organisation, without its key file. */
    function chartwitness(
      mspId: string,
      line: readonly string[],
      change: Readonly<Record<string, string>> = {},
    ): Promise<{ readonly code: number | string; readonly output: string }> {
      const env = {
        ...process.env,
        ...net.environment(mspId),
        FABRIC_KEY_FILE: '',
        ...token.environment,
        FABRIC_HSM_LIBRARY: library,
        FABRIC_HSM_TOKEN: token.label,
        FABRIC_HSM_PIN_FILE: token.pinFile,
        ...change,
      };
      return new Promise((done) => {
        execFile(process.execPath, [PROGRAM, ...line], { env }, (error, stdout, stderr) => {
          done({ code: error?.code ?? 0, output: `${stdout}${stderr}` });
        });
      });
    }

    const put = (clientId: string): readonly string[] => [
      ...['registry', 'client', 'put', '--client-id', clientId, '--name', 'Ward', '--jwks', jwks],
    ];

    test('a transaction is signed with it and commits', async () => {
      expect(await chartwitness(NORTH, put('by-token'))).toMatchObject({ code: 0 });
      expect(await net.south.findClient('by-token')).toMatchObject({ org: NORTH, status: 'active' });
    });

    test('the key can be named by its CKA_ID', async () => {
      const answer = await chartwitness(NORTH, put('by-id'), {
        FABRIC_HSM_KEY_ID: idOf(NORTH).toUpperCase(),
      });
      expect(answer).toMatchObject({ code: 0 });
      expect(await net.south.findClient('by-id')).toMatchObject({ org: NORTH });
    });

    test('a wrong PIN: said so without the PIN, with an exit code of its own, nothing written', async () => {
      const wrong = join(token.pinFile, '../wrong');
      writeFileSync(wrong, '00000000\n', { mode: 0o600 });
      const { code, output } = await chartwitness(NORTH, put('wrong-pin'), { FABRIC_HSM_PIN_FILE: wrong });
      expect(code).toBe(78);
      expect(output).toMatch(/^The token "chartwitness" refuses the PIN.*CKR_PIN_INCORRECT.*\n$/);
      expect(output).not.toContain('00000000');
      expect(await net.south.findClient('wrong-pin')).toBeUndefined();
    });

    test.each([
      ['another token', NORTH, { FABRIC_HSM_TOKEN: 'none' }, /^No slot of .* has a token labelled "none"/],
      [
        'another key',
        NORTH,
        { FABRIC_HSM_KEY_ID: 'a1b2' },
        /^The token "chartwitness" has no private EC key/,
      ],
      ['another organisation’s certificate', SOUTH, {}, /^The token "chartwitness" has no private EC key/],
      [
        'a file that is no module',
        NORTH,
        { FABRIC_HSM_LIBRARY: PROGRAM },
        /^The PKCS#11 module .* cannot be/,
      ],
    ])('%s: said so, nothing written', async (what, mspId, change, message) => {
      const clientId = `refused-${String(what.length)}`;
      const { code, output } = await chartwitness(mspId, put(clientId), change);
      expect(code).toBe(1);
      expect(output).toMatch(message);
      expect(output.trimEnd()).not.toContain('\n');
      expect(await net.south.findClient(clientId)).toBeUndefined();
    });
  });
}
