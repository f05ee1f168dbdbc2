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

/** Requests that one caller repeats. */
const PATHS_A_CALLER = 40;

/** A token of the benchmark's client for ordinary treatment. */
export function bearerToken({ baseUrl }, privateJwk) {
  const client = new HospitalClient(
    { fhirBaseUrl: `${baseUrl}/fhir`, tokenEndpoint: `${baseUrl}/oauth/token` },
    { clientId: 'bench-client', privateJwk, organisationId: NORTH_ID },
  );
  return client.token({ purpose: 'TREAT', practitioner: PRACTITIONER });
}

/**
 * Reads through a gateway's FHIR interface with `connections` callers that each wait for their answer, and each ask in an order of their own:
 * for `seconds`, or until `amount` requests are answered.
 */
export async function loadGateway({ baseUrl, paths }, privateJwk, { connections, seconds, amount }) {
  const token = await bearerToken({ baseUrl }, privateJwk);
  const headers = { authorization: `Bearer ${token}`, accept: 'application/fhir+json' };
  const result = await autocannon({
    url: baseUrl,
    connections,
    ...(amount === undefined ? { duration: seconds } : { amount }),
    timeout: 30,
    requests: [{ path: paths[0], headers }],
    setupClient: (caller) => {
      caller.setRequests(
        Array.from({ length: PATHS_A_CALLER }, () => ({
          path: paths[Math.floor(Math.random() * paths.length)],
          headers,
        })),
      );
    },
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
