// SPDX-License-Identifier: Apache-2.0
import type { FhirResource } from './resource';
import { PATIENT_TYPES, patientParameters } from './resourceTypes';

export interface CapabilityOptions {
  readonly fhirBaseUrl: string;
  /** RFC 3339 date of the statement. */
  readonly date: string;
}

/**
 * What this server can do (FHIR R4 CapabilityStatement, kind instance). Read without authentication. Where
 * tokens are had is said by `.well-known/smart-configuration` alone: the older `oauth-uris` extension needs
 * an authorization endpoint, which there is none of.
 */
export function capabilityStatement(options: CapabilityOptions): FhirResource {
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date: options.date,
    kind: 'instance',
    software: { name: 'Chartwitness' },
    implementation: {
      description: 'Consent-checked, recorded access to the records of one hospital',
      url: options.fhirBaseUrl,
    },
    fhirVersion: '4.0.1',
    format: ['json', 'application/fhir+json'],
    rest: [
      {
        mode: 'server',
        documentation:
          'Every search names exactly one patient. Every access is recorded on the ledger before data are released; what a consent withholds looks absent.',
        security: {
          service: [
            {
              coding: [
                {
                  system: 'http://terminology.hl7.org/CodeSystem/restful-security-service',
                  code: 'SMART-on-FHIR',
                },
              ],
            },
          ],
        },
        resource: PATIENT_TYPES.map(resourceCapability),
      },
    ],
  };
}

function resourceCapability(type: string): Readonly<Record<string, unknown>> {
  const isPatient = type === 'Patient';
  const binding = isPatient
    ? [
        { name: 'identifier', type: 'token', documentation: 'Exactly one <system>|<value>.' },
        { name: '_id', type: 'token' },
      ]
    : patientParameters(type).map((name) => ({
        name,
        type: 'reference',
        documentation: 'Required, by one of these names: exactly one patient.',
      }));
  return {
    type,
    interaction: [{ code: 'read' }, { code: 'search-type' }],
    searchInclude: ['*'],
    searchParam: binding,
    ...(isPatient
      ? {
          operation: [
            {
              name: 'everything',
              definition: 'http://hl7.org/fhir/OperationDefinition/Patient-everything',
            },
          ],
        }
      : {}),
  };
}
