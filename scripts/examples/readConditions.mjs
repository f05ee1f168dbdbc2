// SPDX-License-Identifier: Apache-2.0
/**
 * One read through a gateway, from the command line, for a first try (needs `npm run build:node`):
 *   node scripts/examples/readConditions.mjs --gateway http://127.0.0.1:8443 --client north-ehr --key
 *   north-ehr.jwk.json \
 *     --organisation https://north.example --patient <id> [--purpose TREAT]
 * Asks for a token, then for the patient's conditions, and prints the status and how many came. Ends with 1
 * unless the status is 200.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';

const require = createRequire(import.meta.url);
const { HospitalClient } = require('../../gateway/dist/demo/hospitalClient.js');

const { values } = parseArgs({
  options: {
    gateway: { type: 'string' },
    client: { type: 'string' },
    key: { type: 'string' },
    organisation: { type: 'string' },
    patient: { type: 'string' },
    purpose: { type: 'string', default: 'TREAT' },
  },
});
const missing = ['gateway', 'client', 'key', 'organisation', 'patient'].filter(
  (name) => values[name] === undefined,
);
if (missing.length > 0) {
  process.stderr.write(`Missing: ${missing.map((name) => `--${name}`).join(', ')}\n`);
  process.exit(2);
}

const client = new HospitalClient(
  { fhirBaseUrl: `${values.gateway}/fhir`, tokenEndpoint: `${values.gateway}/oauth/token` },
  {
    clientId: values.client,
    privateJwk: JSON.parse(readFileSync(values.key, 'utf8')),
    organisationId: values.organisation,
  },
);
try {
  const { status, body } = await client.get(`Condition?patient=${encodeURIComponent(values.patient)}`, {
    practitioner: { id: 'urn:example:dr-1', name: 'Dr. Example', role: 'doctor' },
    purpose: values.purpose,
  });
  console.log(`${status}, ${body?.entry?.length ?? 0} conditions`);
  process.exitCode = status === 200 ? 0 : 1;
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
