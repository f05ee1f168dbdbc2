// SPDX-License-Identifier: Apache-2.0
import type { Request } from 'express';
import { AppError } from '../errors';
import { isDirectoryType, isPatientType, patientParameters } from '../fhir/resourceTypes';

const EVERYTHING = 'all data of a patient are at Patient/[id]/$everything';
const ID = '[^/]+';
const TYPE = '[A-Za-z]+';

/** By path below the FHIR base. What follows a type and an id counts by itself, for any id. */
const UNSUPPORTED: readonly (readonly [RegExp, (last: string) => string])[] = [
  [/^\/?$/, () => `A search names one type, as in Condition?patient=[id]; ${EVERYTHING}.`],
  [
    new RegExp(`^(?:/${TYPE}(?:/${ID})?)?/_history(?:/${ID})?/?$`),
    () => 'Versions and histories are not offered; a read gives the current version.',
  ],
  [new RegExp(`^(?:/${TYPE})?/_search/?$`), () => 'Search by GET [type]?… or by POST [type]/_search.'],
  [
    new RegExp(`^(?:/${TYPE}(?:/${ID})?)?/\\$(?!everything/?$)[A-Za-z-]+/?$`),
    () => `This operation is not offered; ${EVERYTHING}.`,
  ],
  [/^(?:\/(?!Patient\/)[A-Za-z]+\/[^/]+|\/[A-Za-z]+)?\/\$everything\/?$/, () => `Here ${EVERYTHING}.`],
  [new RegExp(`^/${TYPE}/${ID}/(${TYPE}|\\*)/?$`), compartmentRemedy],
];

function compartmentRemedy(type: string): string {
  if (!isPatientType(type) || type === 'Patient') {
    const reason = isDirectoryType(type) ? `${type} comes beside patient data, by _include` : EVERYTHING;
    return `Searches of a compartment are not offered; ${reason}.`;
  }
  return `Searches of a compartment are not offered; ask for ${type}?${patientParameters(type)[0] ?? 'patient'}=[id].`;
}

/**
 * Refuses by name the interactions that FHIR R4 has and the gateway does not: a bare 404 would look like a
 * patient without data. The answer depends on the path's form alone.
 * @throws AppError NOT_SUPPORTED
 */
export function assertSupported({ path }: Request): void {
  for (const [pattern, remedy] of UNSUPPORTED) {
    const found = pattern.exec(path);
    if (found !== null) {
      throw new AppError('NOT_SUPPORTED', 'an interaction that is not offered', {
        expose: remedy(found[1] ?? ''),
      });
    }
  }
}
