// SPDX-License-Identifier: Apache-2.0
import { createHash, X509Certificate } from 'node:crypto';
import type * as grpc from '@grpc/grpc-js';
import { connect, type ConnectOptions, type Gateway, hash } from '@hyperledger/fabric-gateway';
import { type LedgerTls, openChannel } from './channel';
import { assertUsableIdentity, type MessageSigner } from './signer';

export interface LedgerIdentity {
  readonly mspId: string;
  /** X.509 certificate, PEM. */
  readonly certificatePem: string;
}

export interface ConnectionOptions {
  /** `host:port` of the organisation's own peer. */
  readonly endpoint: string;
  /** Absent: the connection is plain, for a peer in the same process or on a trusted loopback. */
  readonly tls?: LedgerTls;
  readonly identity: LedgerIdentity;
  readonly signer: MessageSigner;
  /** Ends what the signer keeps open; called when the connection is closed, and when it cannot be opened. */
  readonly closeSigner?: () => void;
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
}

export interface Connection {
  readonly gateway: Gateway;
  readonly client: grpc.Client;
  close(): void;
}

/**
 * One gRPC connection and one identity, for the life of the process. No call is made: the peer may be away.
 * @throws Error when the certificate is expired or is not the signer's.
 */
export async function openConnection(options: ConnectionOptions): Promise<Connection> {
  const { identity, signer, tls } = options;
  try {
    await assertUsableIdentity(identity.certificatePem, signer, (options.clock ?? Date.now)());
  } catch (error) {
    options.closeSigner?.();
    throw error;
  }
  const client = openChannel(options.endpoint, tls);
  const base: ConnectOptions = {
    client,
    identity: { mspId: identity.mspId, credentials: Buffer.from(identity.certificatePem) },
    signer,
    // The signer takes the message itself and hashes it natively.
    hash: hash.none,
  };
  const gateway = connect(
    tls?.clientCertificate === undefined
      ? base
      : { ...base, tlsClientCertificateHash: tlsHash(tls.clientCertificate) },
  );
  return {
    gateway,
    client,
    close: () => {
      gateway.close();
      client.close();
      options.closeSigner?.();
    },
  };
}

/** What an event request carries under mutual TLS so that it cannot be replayed on another connection. */
function tlsHash(certificatePem: Uint8Array): Uint8Array {
  return createHash('sha256')
    .update(new X509Certificate(Buffer.from(certificatePem)).raw)
    .digest();
}
