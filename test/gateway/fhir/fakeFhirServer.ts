// SPDX-License-Identifier: Apache-2.0
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FhirResource } from '../../../gateway/src/fhir/resource';

export interface FakeFhirServer {
  readonly baseUrl: string;
  /** `METHOD /path?query` of every request, in order. */
  readonly requests: string[];
  readonly headers: IncomingMessage['headers'][];
  /** Answers for `/fhir/...` paths without the base; a function may do as it likes with the response. */
  answers: Record<string, FhirResource | ((response: ServerResponse, request: IncomingMessage) => void)>;
  close(): Promise<void>;
}

/**
 * A FHIR server on the wire whose answers are whatever a test wants, good or bad. Paths without an answer are
 * 404.
 */
export async function startFakeFhirServer(): Promise<FakeFhirServer> {
  const requests: string[] = [];
  const headers: IncomingMessage['headers'][] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
    headers.push(request.headers);
    const path = (request.url ?? '').replace(/^\/fhir\//, '');
    const answer = fake.answers[path] ?? fake.answers[path.split('?')[0] ?? ''];
    if (typeof answer === 'function') {
      answer(response, request);
      return;
    }
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/fhir+json' });
    response.end(JSON.stringify(answer ?? { resourceType: 'OperationOutcome', issue: [] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const fake: FakeFhirServer = {
    baseUrl: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/fhir`,
    requests,
    headers,
    answers: {},
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
  return fake;
}

export const SSN = 'http://hl7.org/fhir/sid/us-ssn';

export function patient(id: string, ssn: string, more: Record<string, unknown> = {}): FhirResource {
  return {
    resourceType: 'Patient',
    id,
    identifier: [{ system: SSN, value: ssn }],
    name: [{ family: `Name-${id}` }],
    ...more,
  };
}

export function observation(id: string, patientId: string, more: Record<string, unknown> = {}): FhirResource {
  return {
    resourceType: 'Observation',
    id,
    status: 'final',
    code: { text: `finding ${id}` },
    subject: { reference: `Patient/${patientId}` },
    ...more,
  };
}

export type Entry = FhirResource | readonly [FhirResource, 'match' | 'include' | 'outcome'];

export function searchset(entries: readonly Entry[], more: Record<string, unknown> = {}): FhirResource {
  return {
    resourceType: 'Bundle',
    type: 'searchset',
    total: 999,
    entry: entries.map((entry) => {
      const [resource, mode] = Array.isArray(entry)
        ? (entry as readonly [FhirResource, string])
        : [entry as FhirResource, 'match'];
      return { fullUrl: `urn:uuid:${String(resource.id)}`, resource, search: { mode } };
    }),
    ...more,
  };
}

export const label = (code: string): Record<string, unknown> => ({
  meta: { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code }] },
});
