// SPDX-License-Identifier: Apache-2.0
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where distributions put the PKCS#11 module of SoftHSM 2. */
const MODULES = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib64/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
  '/opt/homebrew/lib/softhsm/libsofthsm2.so',
];

export type SoftHsmSource =
  | { readonly kind: 'present'; readonly library: string }
  | { readonly kind: 'absent'; readonly reason: string };

/** SoftHSM as this machine has it, and the package that speaks to it, or the reason why there is none. */
export function findSoftHsm(): SoftHsmSource {
  const library = MODULES.find((path) => existsSync(path));
  if (library === undefined || spawnSync('softhsm2-util', ['--version']).status !== 0) {
    return { kind: 'absent', reason: 'SoftHSM 2 (softhsm2-util and libsofthsm2.so) is not installed' };
  }
  try {
    // Loading it is what fails where it could not be compiled.
    createRequire(__filename)('pkcs11js');
    return { kind: 'present', library };
  } catch (error) {
    return { kind: 'absent', reason: `the optional package pkcs11js cannot be loaded: ${String(error)}` };
  }
}

/** A token in a temporary folder. */
export interface SoftToken {
  readonly label: string;
  readonly pinFile: string;
  /** What SoftHSM reads besides the caller's environment. */
  readonly environment: { readonly SOFTHSM2_CONF: string };
  importKey(privateKeyFile: string, idHex: string): void;
  remove(): void;
}

/** @param pin 4–255 characters. */
export function makeSoftToken(label: string, pin: string): SoftToken {
  const folder = mkdtempSync(join(tmpdir(), 'chartwitness-softhsm-'));
  const write = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  mkdirSync(join(folder, 'tokens'), { mode: 0o700 });
  const environment = {
    SOFTHSM2_CONF: write('softhsm2.conf', `directories.tokendir = ${join(folder, 'tokens')}\n`),
  };
  const util = (...args: string[]): void => {
    execFileSync('softhsm2-util', args, { env: { ...process.env, ...environment }, stdio: 'pipe' });
  };
  util('--init-token', '--free', '--label', label, '--pin', pin, '--so-pin', `${pin}00`);
  return {
    label,
    pinFile: write('pin', `${pin}\n`),
    environment,
    importKey: (privateKeyFile, id) => {
      util('--import', privateKeyFile, '--token', label, '--label', 'gateway', '--id', id, '--pin', pin);
    },
    remove: () => {
      rmSync(folder, { recursive: true });
    },
  };
}
