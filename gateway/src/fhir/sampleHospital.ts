// SPDX-License-Identifier: Apache-2.0
import type { FhirResource } from './resource';
import { loadSampleRecords, type SampleRecordsOptions } from './sampleRecords';
import { SampleSearch } from './sampleSearch';
import type { Upstream } from './upstream';

/**
 * The embedded source of data: synthetic patients in memory, read-only. A stand-in for a hospital's own FHIR server in development and
 * demonstrations; {@link createSampleServer} offers the same over HTTP.
 */
export interface SampleHospital extends Upstream {
  /** Its patients, for whoever sets up a demonstration. */
  patients(): readonly FhirResource[];
  readonly index: SampleSearch;
}

export function createSampleHospital(options: SampleRecordsOptions): SampleHospital {
  const records = loadSampleRecords(options);
  const index = new SampleSearch(records);
  return {
    index,
    baseUrl: undefined,
    patients: () => records.filter(({ resourceType }) => resourceType === 'Patient'),
    read: (type, id) => Promise.resolve(index.read(type, id)),
    search: (type, parameters) => Promise.resolve(index.search(type, parameters)),
    everything: (patientId, parameters) => Promise.resolve(index.everything(patientId, parameters)),
    isReady: () => Promise.resolve(true),
  };
}
