// SPDX-License-Identifier: Apache-2.0
import { createHash, X509Certificate } from 'node:crypto';
import * as grpc from '@grpc/grpc-js';
import { connect, type ConnectOptions, type Gateway, hash } from '@hyperledger/fabric-gateway';
import { assertUsableIdentity, type MessageSigner } from './signer';

export interface LedgerTls {
  /** PEM certificates of the CA that issued the peer's TLS certificate. */
  readonly rootCertificates: Uint8Array;
  /** PEM, for mutual TLS; both or neither. */
  readonly clientCertificate?: Uint8Array;
  readonly clientKey?: Uint8Array;
  /** Name in the peer's certificate where it is not the endpoint's host. */
  readonly serverName?: string;
}

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
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
}

export interface Connection {
  readonly gateway: Gateway;
  close(): void;
}

/** A peer asks for at least a minute between pings of an idle client (`peer.keepalive.minInterval`). */
const KEEPALIVE_MS = 120_000;
const KEEPALIVE_TIMEOUT_MS = 20_000;
/** An organisation's own peer is near: ask again soon after a restart instead of after minutes. */
const FIRST_RECONNECT_MS = 100;
const LONGEST_RECONNECT_MS = 2_000;

/**
 * One gRPC connection and one identity, for the life of the process. No call is made: the peer may be away.
 * @throws Error when the certificate is expired or is not the signer's.
 */
export async function openConnection(options: ConnectionOptions): Promise<Connection> {
  const { identity, signer, tls } = options;
  await assertUsableIdentity(identity.certificatePem, signer, (options.clock ?? Date.now)());
  const client = new grpc.Client(options.endpoint, credentialsFor(tls), {
    // The client's default of 4 MiB is less than a large block or a long history.
    'grpc.max_receive_message_length': -1,
    'grpc.keepalive_time_ms': KEEPALIVE_MS,
    'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
    'grpc.initial_reconnect_backoff_ms': FIRST_RECONNECT_MS,
    'grpc.max_reconnect_backoff_ms': LONGEST_RECONNECT_MS,
    ...(tls?.serverName === undefined ? {} : { 'grpc.ssl_target_name_override': tls.serverName }),
  });
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
    close: () => {
      gateway.close();
      client.close();
    },
  };
}

function credentialsFor(tls: LedgerTls | undefined): grpc.ChannelCredentials {
  if (tls === undefined) {
    return grpc.credentials.createInsecure();
  }
  const pem = (bytes: Uint8Array | undefined) => (bytes === undefined ? null : Buffer.from(bytes));
  return grpc.credentials.createSsl(
    Buffer.from(tls.rootCertificates),
    pem(tls.clientKey),
    pem(tls.clientCertificate),
  );
}

/** What an event request carries under mutual TLS so that it cannot be replayed on another connection. */
function tlsHash(certificatePem: Uint8Array): Uint8Array {
  return createHash('sha256')
    .update(new X509Certificate(Buffer.from(certificatePem)).raw)
    .digest();
}
