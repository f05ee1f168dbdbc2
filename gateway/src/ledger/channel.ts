// SPDX-License-Identifier: Apache-2.0
import * as grpc from '@grpc/grpc-js';

export interface LedgerTls {
  /** PEM certificates of the CA that issued the node's TLS certificate. */
  readonly rootCertificates: Uint8Array;
  /** PEM, for mutual TLS; both or neither. */
  readonly clientCertificate?: Uint8Array;
  readonly clientKey?: Uint8Array;
  /** Name in the node's certificate where it is not the endpoint's host. */
  readonly serverName?: string;
}

/**
 * When a connection on which nothing arrives is asked whether it lives. A dead one is replaced after both
 * times together.
 */
export interface KeepAlive {
  /** After so many milliseconds of silence. */
  readonly everyMs: number;
  /** Longest wait for the answer, in milliseconds. */
  readonly timeoutMs: number;
}

/** A node ends connections that ping more often than once a minute (`keepalive.minInterval`). */
export const DEFAULT_KEEP_ALIVE: KeepAlive = { everyMs: 62_000, timeoutMs: 10_000 };
/**
 * The nodes are few and near: ask again soon after a restart instead of after minutes, which is gRPC's
 * default.
 */
const FIRST_RECONNECT_MS = 100;
const LONGEST_RECONNECT_MS = 1_000;

/**
 * A gRPC connection to a peer or an orderer, for the life of the process; made with the first call.
 * @param endpoint `host:port`.
 * @param tls absent: the connection is plain.
 */
export function openChannel(
  endpoint: string,
  tls: LedgerTls | undefined,
  keepAlive = DEFAULT_KEEP_ALIVE,
): grpc.Client {
  return new grpc.Client(endpoint, credentialsFor(tls), {
    // The client's default of 4 MiB is less than a large block or a long history.
    'grpc.max_receive_message_length': -1,
    'grpc.keepalive_time_ms': keepAlive.everyMs,
    'grpc.keepalive_timeout_ms': keepAlive.timeoutMs,
    'grpc.keepalive_permit_without_calls': 1,
    'grpc.initial_reconnect_backoff_ms': FIRST_RECONNECT_MS,
    'grpc.max_reconnect_backoff_ms': LONGEST_RECONNECT_MS,
    ...(tls?.serverName === undefined ? {} : { 'grpc.ssl_target_name_override': tls.serverName }),
  });
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
