// SPDX-License-Identifier: Apache-2.0
/**
 * A key pair for a hospital's program:
 *   node scripts/examples/newClientKey.mjs <name>
 * Writes <name>.jwks.json (public, for `chartwitness registry client put --jwks`) and <name>.jwk.json
 * (private, mode 600, for the program).
 */
import { writeFileSync } from 'node:fs';
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';

const [name, ...others] = process.argv.slice(2);
if (name === undefined || others.length > 0) {
  process.stderr.write('Give one name, as in: node scripts/examples/newClientKey.mjs north-ehr\n');
  process.exit(2);
}

const { publicKey, privateKey } = await generateKeyPair('ES384', { extractable: true });
const publicJwk = await exportJWK(publicKey);
const marks = { kid: await calculateJwkThumbprint(publicJwk), use: 'sig', alg: 'ES384' };
const secret = { ...(await exportJWK(privateKey)), ...marks };
// The private key first: where there is one already, nothing is replaced.
writeFileSync(`${name}.jwk.json`, `${JSON.stringify(secret, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
writeFileSync(`${name}.jwks.json`, `${JSON.stringify({ keys: [{ ...publicJwk, ...marks }] }, null, 2)}\n`);
console.log(`${name}.jwks.json: for the registry. ${name}.jwk.json: for the program alone.`);
