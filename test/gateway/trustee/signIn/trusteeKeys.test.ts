// SPDX-License-Identifier: Apache-2.0
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openTrusteeKeys, publicJwks } from '../../../../gateway/src/trustee/signIn/trusteeKeys';

describe('the key file', () => {
  let directory = '';
  const path = (): string => join(directory, 'secrets', 'keys.json');
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'chartwitness-keys-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it('is made once, for its owner only', async () => {
    const first = await openTrusteeKeys(path());
    expect(statSync(path()).mode & 0o777).toBe(0o600);
    expect(await openTrusteeKeys(path())).toEqual(first);
    expect(first.sessionKey).toHaveLength(32);
    expect(JSON.stringify(publicJwks(first))).not.toContain(String(first.signingKeys[0]?.['d']));
  });

  it('is one file when two processes start at once', async () => {
    const [one, other] = await Promise.all([openTrusteeKeys(path()), openTrusteeKeys(path())]);
    expect(one).toEqual(other);
  });

  it('is refused when others can read it', async () => {
    await openTrusteeKeys(path());
    chmodSync(path(), 0o640);
    await expect(openTrusteeKeys(path())).rejects.toThrow('chmod 600');
  });

  it('is refused when it is not one, without being replaced', async () => {
    await openTrusteeKeys(path());
    writeFileSync(path(), '{"signingKeys":[]}');
    await expect(openTrusteeKeys(path())).rejects.toThrow('is not a key file');
    expect(readFileSync(path(), 'utf8')).toBe('{"signingKeys":[]}');
  });
});
