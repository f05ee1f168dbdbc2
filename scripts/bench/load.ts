// SPDX-License-Identifier: Apache-2.0
import autocannon from 'autocannon';
import type { JWK } from 'jose';
import { HospitalClient } from '../../gateway/dist/demo/hospitalClient';
import { NORTH_ID } from './network';

export const PRACTITIONER = {
  id: 'urn:oid:2.16.840.1.113883.4.6#1000000001',
  name: 'Dr. Bench Reader',
  role: 'doctor',
};

/** Requests that one caller repeats. */
const PATHS_A_CALLER = 40;

/** A gateway under load. */
export interface Target {
  readonly baseUrl: string;
  readonly paths: readonly string[];
}

/** When a load ends: after so many seconds, or after so many answers. */
export type Duration = { readonly seconds: number } | { readonly amount: number };

export interface LoadFigures {
  readonly perSecond: number;
  readonly answers: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** A client of the hospital at a gateway. */
export function clientAt(
  { baseUrl }: Pick<Target, 'baseUrl'>,
  privateJwk: JWK,
  clientId = 'bench-client',
): HospitalClient {
  return new HospitalClient(
    { fhirBaseUrl: `${baseUrl}/fhir`, tokenEndpoint: `${baseUrl}/oauth/token` },
    { clientId, privateJwk, organisationId: NORTH_ID },
  );
}

/** A token of the benchmark's client for ordinary treatment. */
export function bearerToken(target: Pick<Target, 'baseUrl'>, privateJwk: JWK): Promise<string> {
  return clientAt(target, privateJwk).token({ purpose: 'TREAT', practitioner: PRACTITIONER });
}

/**
 * Reads through a gateway's FHIR interface with callers that each wait for their answer, and each ask in an
 * order of their own.
 */
export async function loadGateway(
  target: Target,
  privateJwk: JWK,
  load: Duration & { readonly connections: number },
): Promise<LoadFigures> {
  const { baseUrl, paths } = target;
  const token = await bearerToken(target, privateJwk);
  const headers = { authorization: `Bearer ${token}`, accept: 'application/fhir+json' };
  const anyPath = (): string => paths[Math.floor(Math.random() * paths.length)] ?? '/';
  const result = await autocannon({
    url: baseUrl,
    connections: load.connections,
    ...('amount' in load ? { amount: load.amount } : { duration: load.seconds }),
    timeout: 30,
    requests: [{ path: anyPath(), headers }],
    setupClient: (caller) => {
      caller.setRequests(Array.from({ length: PATHS_A_CALLER }, () => ({ path: anyPath(), headers })));
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
