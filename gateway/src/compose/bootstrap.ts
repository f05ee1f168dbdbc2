// SPDX-License-Identifier: Apache-2.0
import type { NetworkSettings, Organisation } from '@chartwitness/chaincode/domain';
import type { ProvenanceLedger } from '../ledger/provenanceLedger';

/** For subjects without a consent on file: the holder's own staff may treat, nothing else. */
export const DEFAULT_POLICY: NetworkSettings['defaultPolicy'] = {
  rules: [{ id: 'own-staff-treatment', effect: 'permit', org: '@holder', purposes: ['TREAT'] }],
  default: 'deny',
};

/**
 * Where nothing else is said (demonstration, tests): US Social Security Numbers, as Synthea's patients have
 * them.
 */
export const US_IDENTIFIER_SYSTEMS: NetworkSettings['identifierSystems'] = [
  {
    system: 'http://hl7.org/fhir/sid/us-ssn',
    aliases: ['urn:oid:2.16.840.1.113883.4.1'],
    form: 'us-ssn',
  },
];

/**
 * Sets a new network up, as the trustee: its settings and its organisations. What is there already is left
 * alone.
 */
export async function bootstrapNetwork(
  trustee: ProvenanceLedger,
  organisations: readonly Omit<Organisation, 'status'>[],
  identifierSystems: NetworkSettings['identifierSystems'] = US_IDENTIFIER_SYSTEMS,
): Promise<void> {
  if ((await trustee.findSettings()) === undefined) {
    await trustee.initialise({
      trustee: trustee.mspId,
      defaultPolicy: DEFAULT_POLICY,
      identifierSystems,
    });
  }
  const admitted = new Set((await trustee.organisations()).map(({ mspId }) => mspId));
  for (const organisation of organisations) {
    if (!admitted.has(organisation.mspId)) {
      await trustee.admitOrganisation(organisation);
    }
  }
}
