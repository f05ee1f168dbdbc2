// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { JWK } from 'jose';
import type { Practitioner } from './hospitalClient';

/**
 * `.data/demo.json`: everything that a program outside needs to use the running demonstration. All of it is
 * synthetic.
 */
export interface DemoFile {
  readonly portalUrl: string;
  /** Issuer of the patients' OpenID provider. */
  readonly issuer: string;
  /** Without `/api/v1`. */
  readonly apiBaseUrl: string;
  /** Public client apps; `resource` is the RFC 8707 value for the patient API. */
  readonly apps: readonly {
    readonly clientId: string;
    readonly redirectUri: string;
    readonly resource: string;
  }[];
  /** Where operators read metrics and detailed readiness: the trustee's first, then the hospitals'. */
  readonly operationsUrls: readonly string[];
  readonly hospitals: readonly DemoFileHospital[];
  readonly patients: readonly DemoFilePatient[];
}

export interface DemoFileHospital {
  readonly name: string;
  readonly mspId: string;
  readonly fhirBaseUrl: string;
  readonly tokenEndpoint: string;
  readonly clients: readonly {
    readonly clientId: string;
    readonly privateJwk: JWK;
    readonly organisationId: string;
  }[];
  readonly practitioners: readonly Practitioner[];
}

export interface DemoFilePatient {
  readonly name: string;
  /** MSP id of the hospital that holds this record. */
  readonly hospital: string;
  /** The patient's logical id there. */
  readonly patientId: string;
  readonly identifier: { readonly system: string; readonly value: string };
  readonly username: string;
  readonly password: string;
}

/**
 * Replaces the file in one step, readable by its owner only: it holds the demonstration's passwords and
 * private keys.
 */
export function writeDemoFile(path: string, demo: DemoFile): void {
  mkdirSync(dirname(path), { recursive: true });
  const next = `${path}.next`;
  writeFileSync(next, `${JSON.stringify(demo, null, 2)}\n`, { mode: 0o600 });
  renameSync(next, path);
}
