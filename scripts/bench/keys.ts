// SPDX-License-Identifier: Apache-2.0
import { exportJWK, generateKeyPair, type JWK } from 'jose';

/** The key of the benchmark's client. */
export interface ClientKey {
  readonly privateJwk: JWK;
  readonly publicJwk: JWK;
}

export async function newClientKey(): Promise<ClientKey> {
  const pair = await generateKeyPair('ES384', { extractable: true });
  const named = { kid: 'bench', alg: 'ES384' };
  return {
    privateJwk: { ...(await exportJWK(pair.privateKey)), ...named },
    publicJwk: { ...(await exportJWK(pair.publicKey)), ...named },
  };
}
