// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { ConfigError } from './configError';
import { ConfigReader, finish, parseShape } from './configReader';
import { type Environment, modeOf, type ReadFile, type ReadMode } from './environment';
import { FABRIC_VARIABLES } from './fabricVariables';
import type { Secret } from './secret';
import { shapeOf } from './variable';

/** How to reach a real Fabric peer. */
export interface PeerConfig {
  readonly endpoint: string;
  readonly certificatePem: string;
  readonly signingKey: SigningKeyConfig;
  readonly tls: NodeTls | undefined;
  /** Absent: only the peer hands transactions to the orderers. */
  readonly orderers: { readonly endpoints: readonly string[]; readonly tls: NodeTls } | undefined;
}

/** Where the certificate's private key is. */
export type SigningKeyConfig =
  | { readonly kind: 'file'; readonly privateKeyPem: Secret }
  | {
      readonly kind: 'hsm';
      /** Path of the PKCS#11 module. */
      readonly library: string;
      readonly token: string;
      readonly pin: Secret;
      /** CKA_ID; absent: the certificate's subject key identifier. */
      readonly keyId: Uint8Array | undefined;
    };

/** How a Fabric node proves itself, and what it is shown. */
export interface NodeTls {
  readonly rootCertificates: Uint8Array;
  readonly clientCertificate?: Uint8Array;
  readonly clientKey?: Secret;
}

/** Which channel and chaincode, as which organisation. */
export interface ChannelConfig {
  readonly mspId: string;
  readonly channel: string;
  readonly chaincode: string;
}

/** What a command needs that only talks to a peer. */
export interface LedgerConfig extends ChannelConfig {
  readonly peer: PeerConfig;
}

export type FabricValues = z.infer<ReturnType<typeof shapeOf<typeof FABRIC_VARIABLES>>>;

export function peerOf(values: FabricValues, reader: ConfigReader): PeerConfig | undefined {
  if (values.FABRIC_PEER_ENDPOINT === undefined) {
    return undefined;
  }
  const shown = clientTlsOf(values, reader);
  const tlsFrom = (variable: 'FABRIC_TLS_CA_FILE' | 'FABRIC_ORDERER_TLS_CA_FILE'): NodeTls => ({
    rootCertificates: reader.bytes(variable, values[variable]),
    ...shown,
  });
  const { FABRIC_ORDERER_ENDPOINTS: endpoints } = values;
  // Orderers are other organisations' machines: never without TLS.
  reader.together({
    FABRIC_ORDERER_ENDPOINTS: endpoints?.join(','),
    FABRIC_ORDERER_TLS_CA_FILE: values.FABRIC_ORDERER_TLS_CA_FILE,
  });
  return {
    endpoint: values.FABRIC_PEER_ENDPOINT,
    certificatePem: reader.text('FABRIC_CERT_FILE', values.FABRIC_CERT_FILE),
    signingKey: signingKeyOf(values, reader),
    tls: values.FABRIC_TLS_CA_FILE === undefined ? undefined : tlsFrom('FABRIC_TLS_CA_FILE'),
    orderers:
      endpoints === undefined || values.FABRIC_ORDERER_TLS_CA_FILE === undefined
        ? undefined
        : { endpoints, tls: tlsFrom('FABRIC_ORDERER_TLS_CA_FILE') },
  };
}

/** The key file, or the PKCS#11 token: one of them, and wholly. */
function signingKeyOf(values: FabricValues, reader: ConfigReader): SigningKeyConfig {
  const {
    FABRIC_KEY_FILE: file,
    FABRIC_HSM_LIBRARY: library,
    FABRIC_HSM_TOKEN: token,
    FABRIC_HSM_PIN_FILE: pinFile,
    FABRIC_HSM_KEY_ID: keyId,
  } = values;
  const set = Object.entries(values).filter(
    ([name, value]) => name.startsWith('FABRIC_HSM_') && value !== undefined,
  );
  const names = set.map(([name]) => name).join(', ');
  if (set.length === 0) {
    return { kind: 'file', privateKeyPem: reader.secret('FABRIC_KEY_FILE', file) };
  }
  if (file !== undefined) {
    reader.complain('FABRIC_KEY_FILE', `is set although ${names} says that the key is in a PKCS#11 token`);
  }
  for (const name of ['FABRIC_HSM_LIBRARY', 'FABRIC_HSM_TOKEN'] as const) {
    if (values[name] === undefined) {
      reader.complain(name, `is not set although ${names} is`);
    }
  }
  reader.existing('FABRIC_HSM_LIBRARY', library);
  const pin = reader.ownSecret('FABRIC_HSM_PIN_FILE', pinFile);
  return { kind: 'hsm', library: library ?? '', token: token ?? '', pin, keyId };
}

/** The certificate that nodes are shown, if there is one. */
function clientTlsOf(
  values: FabricValues,
  reader: ConfigReader,
): Pick<NodeTls, 'clientCertificate' | 'clientKey'> {
  const mutual = reader.together({
    FABRIC_CLIENT_TLS_CERT_FILE: values.FABRIC_CLIENT_TLS_CERT_FILE,
    FABRIC_CLIENT_TLS_KEY_FILE: values.FABRIC_CLIENT_TLS_KEY_FILE,
  });
  return mutual
    ? {
        clientCertificate: reader.bytes('FABRIC_CLIENT_TLS_CERT_FILE', values.FABRIC_CLIENT_TLS_CERT_FILE),
        clientKey: reader.secret('FABRIC_CLIENT_TLS_KEY_FILE', values.FABRIC_CLIENT_TLS_KEY_FILE),
      }
    : {};
}

export function channelOf(values: FabricValues): ChannelConfig {
  return {
    mspId: values.FABRIC_MSP_ID,
    channel: values.FABRIC_CHANNEL,
    chaincode: values.FABRIC_CHAINCODE,
  };
}

/**
 * The configuration of a command that only talks to the organisation's peer: the FABRIC_ variables, of which
 * the peer's endpoint must be set here.
 * @throws {@link ConfigError} with every problem found.
 */
export function parseLedgerConfig(
  environment: Environment,
  readFile: ReadFile = readFileSync,
  readMode: ReadMode = modeOf,
): LedgerConfig {
  const reader = new ConfigReader(readFile, readMode);
  const values = parseShape(shapeOf(FABRIC_VARIABLES), environment, reader);
  const peer = values === undefined ? undefined : peerOf(values, reader);
  if (isAbsent(environment['FABRIC_PEER_ENDPOINT'])) {
    reader.complain('FABRIC_PEER_ENDPOINT', 'is not set');
  }
  if (values === undefined || peer === undefined) {
    throw new ConfigError(reader.problems);
  }
  return finish({ ...channelOf(values), peer }, reader);
}

function isAbsent(value: string | undefined): boolean {
  return value === undefined || value === '';
}
