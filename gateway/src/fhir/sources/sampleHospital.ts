// SPDX-License-Identifier: Apache-2.0
import type { FhirResource } from '../resource';
import { loadSampleRecords, type SampleRecordsOptions } from './sampleRecords';
import { SampleSearch } from './sampleSearch';
import { SamplePages } from './samplePages';
import type { Upstream } from './upstream';

/**
 * The embedded source of data: synthetic patients in memory, read-only. A stand-in for a hospital's own FHIR
 * server in development and demonstrations; {@link createSampleServer} offers the same over HTTP.
 */
export interface SampleHospital extends Upstream {
  /** Its patients, for programs that set up a demonstration. */
  patients(): readonly FhirResource[];
  readonly index: SampleSearch;
}

export function createSampleHospital(options: SampleRecordsOptions): SampleHospital {
  return hospitalOf(loadSampleRecords(options));
}

/** A source that holds just these resources; they must not be changed afterwards. */
export function hospitalOf(records: readonly FhirResource[]): SampleHospital {
  const index = new SampleSearch(records);
  const pages = new SamplePages(index);
  // What it answers is in memory already.
  const hospital: SampleHospital = {
    index,
    baseUrl: undefined,
    within: () => hospital,
    labels: 'everywhere',
    patients: () => records.filter(({ resourceType }) => resourceType === 'Patient'),
    read: (type, id) => Promise.resolve(index.read(type, id)),
    search: (type, parameters) => answer(() => pages.search(type, parameters)),
    everything: (patientId, parameters) => answer(() => pages.everything(patientId, parameters)),
    page: (next) => answer(() => pages.page(next)),
    isReady: () => Promise.resolve({ ready: true }),
  };
  return hospital;
}

/** What the work throws is the promise's matter. */
function answer<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(work());
  });
}
