// SPDX-License-Identifier: Apache-2.0
import type { Candidate } from './itemGroups';
import { mapTexts } from './mapTexts';
import { withOwnLinks } from './patientLinks';
import type { FhirResource } from './resource';

/**
 * The JSON text of a resource, cleaned of what must not leave beside it: the source's own address, and a
 * patient's links to other patients.
 */
export type ResourceWriter = (candidate: Candidate) => string;

/**
 * Writes each resource object once: a source that holds its resources in memory releases the same ones again
 * and again.
 */
export function createResourceWriter(upstreamBaseUrl: string | undefined): ResourceWriter {
  const written = new WeakMap<FhirResource, string>();
  return (candidate) => {
    const { resource } = candidate;
    if (resource.resourceType === 'Patient' && resource['link'] !== undefined) {
      // Which links stay depends on the other records as they are now.
      return JSON.stringify(clean(candidate, upstreamBaseUrl));
    }
    const text = written.get(resource) ?? JSON.stringify(clean(candidate, upstreamBaseUrl));
    written.set(resource, text);
    return text;
  };
}

function clean({ resource, facts, ownIds }: Candidate, upstreamBaseUrl: string | undefined): unknown {
  const settled =
    resource.resourceType === 'Patient'
      ? withOwnLinks(resource, ownIds ?? new Set(), upstreamBaseUrl)
      : resource;
  // Facts do not look into links.
  return upstreamBaseUrl !== undefined && (facts.holdsUpstreamUrl || settled['link'] !== undefined)
    ? mapTexts(settled, (text) => text.replaceAll(`${upstreamBaseUrl}/`, '').replaceAll(upstreamBaseUrl, ''))
    : settled;
}
