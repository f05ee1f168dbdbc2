// SPDX-License-Identifier: Apache-2.0
import { dist, require } from './dist.mjs';
import { NORTH_ID } from './network.mjs';

const autocannon = require('autocannon');
const { HospitalClient } = dist('demo/hospitalClient.js');
const PRACTITIONER = {
  id: 'urn:oid:2.16.840.1.113883.4.6#1000000001',
  name: 'Dr. Bench Reader',
  role: 'doctor',
};

/** Reads through a gateway's FHIR interface with `connections` callers that each wait for their answer. */
export async function loadGateway({ baseUrl, paths }, privateJwk, { connections, seconds, amount }) {
  const client = new HospitalClient(
    { fhirBaseUrl: `${baseUrl}/fhir`, tokenEndpoint: `${baseUrl}/oauth/token` },
    { clientId: 'bench-client', privateJwk, organisationId: NORTH_ID },
  );
  const token = await client.token({ purpose: 'TREAT', practitioner: PRACTITIONER });
  const result = await autocannon({
    url: baseUrl,
    connections,
    ...(amount === undefined ? { duration: seconds } : { amount }),
    timeout: 30,
    requests: paths.map((path) => ({
      path,
      headers: { authorization: `Bearer ${token}`, accept: 'application/fhir+json' },
    })),
  });
  if (result.non2xx > 0 || result.errors > 0) {
    throw new Error(
      `the load met ${String(result.non2xx)} refusals and ${String(result.errors)} failures: ${JSON.stringify(result.statusCodeStats)}`,
    );
  }
  return {
    perSecond: result['2xx'] / result.duration,
    answers: result['2xx'],
    p50: result.latency.p50,
    p99: result.latency.p99,
  };
}
