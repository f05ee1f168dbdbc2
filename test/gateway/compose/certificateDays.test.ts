// SPDX-License-Identifier: Apache-2.0
import { addCertificateDays } from '../../../gateway/src/compose/certificateDays';
import {
  createAuthority,
  issueCertificate,
} from '../../../gateway/src/embedded/identity/certificateAuthority';
import { createMetrics } from '../../../gateway/src/http/metrics';

const DAY_MS = 24 * 3600 * 1000;
const NOW = Date.parse('2026-03-01T00:00:00Z');

async function endingIn(days: number): Promise<string> {
  const authority = await createAuthority('NorthHospitalMSP', NOW);
  const { certificatePem } = await issueCertificate(
    authority,
    { commonName: 'gateway', role: 'client' },
    NOW,
    { from: NOW - 30 * DAY_MS, until: NOW + days * DAY_MS },
  );
  return certificatePem;
}

test('days until the first certificate of each file ends, read at each scrape', async () => {
  const metrics = createMetrics('hospital');
  let now = NOW;
  addCertificateDays(
    metrics,
    {
      FABRIC_CERT_FILE: await endingIn(40),
      UPSTREAM_CA_FILE: new TextEncoder().encode(`${await endingIn(300)}\n${await endingIn(5)}`),
      UPSTREAM_CLIENT_CERT_FILE: undefined,
    },
    () => now,
  );
  const line = (setting: string, days: number): string =>
    `chartwitness_certificate_days{setting="${setting}",service="hospital"} ${String(days)}\n`;
  const first = await metrics.registry.metrics();
  expect(first).toContain(line('FABRIC_CERT_FILE', 40));
  expect(first).toContain(line('UPSTREAM_CA_FILE', 5));
  expect(first).not.toContain('UPSTREAM_CLIENT_CERT_FILE');
  now += 7 * DAY_MS;
  const later = await metrics.registry.metrics();
  expect(later).toContain(line('FABRIC_CERT_FILE', 33));
  expect(later).toContain(line('UPSTREAM_CA_FILE', -2));
});

test('a file without a certificate has no line', async () => {
  const metrics = createMetrics('trustee');
  addCertificateDays(metrics, { FABRIC_CERT_FILE: 'nothing here' }, () => NOW);
  expect(await metrics.registry.metrics()).not.toContain('setting=');
});
