// SPDX-License-Identifier: Apache-2.0
import pino from 'pino';
import { openHsmSigner } from '../../../gateway/src/ledger/hsmSigner';

// As Node says it where the optional package could not be compiled when the product was installed.
jest.mock(
  'pkcs11js',
  () => {
    throw Object.assign(new Error("Cannot find module 'pkcs11js'\nRequire stack:\n- hsmsigner.js"), {
      code: 'MODULE_NOT_FOUND',
    });
  },
  { virtual: true },
);

test('without the optional package the error says what is missing and what to do', () => {
  const open = () =>
    openHsmSigner({
      library: '/opt/fake/pkcs11.so',
      token: 'chartwitness',
      pin: '98765432',
      keyId: Buffer.of(1),
      log: pino({ level: 'silent' }),
    });
  expect(open).toThrow(
    expect.objectContaining({
      name: 'HsmError',
      code: 'PACKAGE_ABSENT',
      message: expect.stringMatching(/^.*pkcs11js is not installed .*npm ci.*$/) as string,
    }) as Error,
  );
});
