// SPDX-License-Identifier: Apache-2.0
import { X509Certificate } from 'node:crypto';
import type { Metrics } from '../http/metrics';

const DAY_MS = 24 * 3600 * 1000;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Certificates that this process uses, by the name of the setting that names their file; PEM, one or several
 * in each.
 */
export type Certificates = Readonly<Record<string, string | Uint8Array | undefined>>;

/**
 * Days until the first certificate of each file ends; below 0 once it has. What was read at the start counts:
 * a file that was replaced since is not in use yet.
 * @param clock milliseconds since the epoch.
 */
export function addCertificateDays(
  metrics: Pick<Metrics, 'gauges'>,
  certificates: Certificates,
  clock: () => number,
): void {
  const ends = Object.entries(certificates).flatMap(([setting, pem]) => {
    const end = pem === undefined ? undefined : endOf(pem);
    return end === undefined ? [] : [[setting, end] as const];
  });
  metrics.gauges(
    'chartwitness_certificate_days',
    'Days until the certificate of this setting ends; alarm below 30',
    'setting',
    () => Object.fromEntries(ends.map(([setting, end]) => [setting, (end - clock()) / DAY_MS])),
  );
}

/** Milliseconds since the epoch at which the first of the certificates ends; undefined when there is none. */
function endOf(pem: string | Uint8Array): number | undefined {
  const text = typeof pem === 'string' ? pem : new TextDecoder().decode(pem);
  const ends = (text.match(CERTIFICATE) ?? []).map((one) => Date.parse(new X509Certificate(one).validTo));
  return ends.length === 0 ? undefined : Math.min(...ends);
}
