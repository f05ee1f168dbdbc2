// SPDX-License-Identifier: Apache-2.0
import {
  createHttpUpstream,
  type HttpUpstreamOptions,
} from '../../../../gateway/src/fhir/sources/httpUpstream';
import type { FakeFhirServer } from '../../fhir/fakeFhirServer';
import { createHospital, type FixtureOptions, type Hospital } from '../hospitalFixture';

/**
 * A hospital whose clinical data are what a FHIR server on the wire answers; its labels are trusted
 * everywhere unless said.
 */
export function hospitalBefore(
  source: FakeFhirServer,
  { labels = 'everywhere', ...options }: Partial<HttpUpstreamOptions> = {},
  fixture: FixtureOptions = {},
): Promise<Hospital> {
  const upstream = createHttpUpstream({ ...options, baseUrl: source.baseUrl, labels });
  return createHospital({ ...fixture, upstream });
}
