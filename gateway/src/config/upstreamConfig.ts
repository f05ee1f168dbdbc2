// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { z } from 'zod';
import type { SamplePatient } from '../fhir/sources/sampleRecords';
import { DEFAULT_SOURCE_TIMEOUT_MS } from '../fhir/sources/sourceConnection';
import type { LabelTrust } from '../fhir/sources/upstream';
import type { ConfigReader } from './configReader';
import type { HOSPITAL_VARIABLES } from './hospitalVariables';
import type { Secret } from './secret';
import type { shapeOf } from './variable';

type UpstreamValues = z.infer<ReturnType<typeof shapeOf<typeof HOSPITAL_VARIABLES>>>;

/** A FHIR server that holds the records. */
export interface UpstreamServerConfig {
  readonly kind: 'url';
  readonly url: string;
  readonly labels: LabelTrust;
  /** Other base URLs of the same server. */
  readonly aliases: readonly string[];
  /** For one answer, in milliseconds. */
  readonly timeoutMs: number;
  /** Read while the gateway runs. */
  readonly bearerTokenFile: string | undefined;
  readonly ca: Uint8Array | undefined;
  readonly clientCertificate: Uint8Array | undefined;
  readonly clientKey: Secret | undefined;
}

/** Where the records are: synthetic patients, or a FHIR server. */
export type UpstreamConfig =
  | {
      readonly kind: 'sample';
      /**
       * Absent: all of them, under the ids of their files. Present: these, under ids of this organisation's
       * own.
       */
      readonly patients?: readonly SamplePatient[];
    }
  | UpstreamServerConfig;

/** The synthetic patients need no settings; of a server, what its labels are worth must be said. */
export function upstreamOf(values: UpstreamValues, reader: ConfigReader): UpstreamConfig {
  const { UPSTREAM_FHIR_URL: choice } = values;
  const set = (
    [
      'UPSTREAM_LABELS',
      'UPSTREAM_ALIASES',
      'UPSTREAM_BEARER_TOKEN_FILE',
      'UPSTREAM_TIMEOUT_MS',
      'UPSTREAM_CA_FILE',
      'UPSTREAM_CLIENT_CERT_FILE',
      'UPSTREAM_CLIENT_KEY_FILE',
    ] as const
  ).filter((name) => values[name] !== undefined);
  if (choice.kind === 'sample') {
    for (const name of set) {
      reader.complain(name, 'is set although UPSTREAM_FHIR_URL names synthetic patients');
    }
    return choice;
  }
  if (values.UPSTREAM_LABELS === undefined) {
    reader.complain('UPSTREAM_LABELS', 'is not set');
  }
  if (values.UPSTREAM_BEARER_TOKEN_FILE !== undefined) {
    reader.secret('UPSTREAM_BEARER_TOKEN_FILE', values.UPSTREAM_BEARER_TOKEN_FILE);
  }
  return {
    ...choice,
    labels: values.UPSTREAM_LABELS ?? 'nowhere',
    aliases: values.UPSTREAM_ALIASES ?? [],
    timeoutMs: values.UPSTREAM_TIMEOUT_MS ?? DEFAULT_SOURCE_TIMEOUT_MS,
    bearerTokenFile: values.UPSTREAM_BEARER_TOKEN_FILE,
    ...upstreamTlsOf(values, choice.url, reader),
  };
}

function upstreamTlsOf(
  values: UpstreamValues,
  upstreamUrl: string,
  reader: ConfigReader,
): Pick<UpstreamServerConfig, 'ca' | 'clientCertificate' | 'clientKey'> {
  const names = ['UPSTREAM_CA_FILE', 'UPSTREAM_CLIENT_CERT_FILE', 'UPSTREAM_CLIENT_KEY_FILE'] as const;
  const isSecure = upstreamUrl.startsWith('https:');
  for (const name of names.filter((one) => !isSecure && values[one] !== undefined)) {
    reader.complain(name, 'is set although UPSTREAM_FHIR_URL has no TLS');
  }
  return { ca: upstreamAuthorityOf(values, reader), ...upstreamClientOf(values, reader) };
}

function upstreamAuthorityOf(
  { UPSTREAM_CA_FILE: file }: UpstreamValues,
  reader: ConfigReader,
): Uint8Array | undefined {
  const ca = file === undefined ? undefined : reader.bytes('UPSTREAM_CA_FILE', file);
  if (ca !== undefined && ca.length > 0 && !isCertificate(ca)) {
    reader.complain('UPSTREAM_CA_FILE', 'holds no PEM certificate');
  }
  return ca;
}

function upstreamClientOf(
  { UPSTREAM_CLIENT_CERT_FILE: certificateFile, UPSTREAM_CLIENT_KEY_FILE: keyFile }: UpstreamValues,
  reader: ConfigReader,
): Pick<UpstreamServerConfig, 'clientCertificate' | 'clientKey'> {
  const files = { UPSTREAM_CLIENT_CERT_FILE: certificateFile, UPSTREAM_CLIENT_KEY_FILE: keyFile };
  if (!reader.together(files)) {
    return { clientCertificate: undefined, clientKey: undefined };
  }
  const clientCertificate = reader.bytes('UPSTREAM_CLIENT_CERT_FILE', certificateFile);
  const clientKey = reader.secret('UPSTREAM_CLIENT_KEY_FILE', keyFile);
  const areRead = clientCertificate.length > 0 && clientKey.reveal().length > 0;
  if (areRead && !fit(clientCertificate, clientKey)) {
    reader.complain('UPSTREAM_CLIENT_KEY_FILE', 'is not the PEM key of the certificate');
  }
  return { clientCertificate, clientKey };
}

function isCertificate(pem: Uint8Array): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

function fit(certificate: Uint8Array, key: Secret): boolean {
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(Buffer.from(key.reveal())));
  } catch {
    return false;
  }
}
