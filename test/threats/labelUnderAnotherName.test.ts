// SPDX-License-Identifier: Apache-2.0
import { type ConsentPolicy, decide } from '@chartwitness/chaincode/domain';
import { recordedLabels } from '../../gateway/src/fhir/itemGroups';
import { identifierTable } from '../../gateway/src/subjects/networkTable';
import { createFactsReader } from '../../gateway/src/fhir/resourceFacts';
import { accessRequest } from '../support/accessRequests';

/** A source that writes a sensitive label in a way that the patient's rule does not spell out. */
const facts = createFactsReader({ upstreamBaseUrl: undefined, identifiers: identifierTable([], Date.now) });

/** How a treatment read of such an Observation ends for somebody whom the patient otherwise lets in. */
function outcome(denied: readonly string[], security: unknown): string | undefined {
  const policy: ConsentPolicy = {
    rules: [
      { id: 'closed', effect: 'deny', labels: denied },
      { id: 'care', effect: 'permit', purposes: ['TREAT'] },
    ],
    default: 'deny',
  };
  const labels = recordedLabels(facts({ resourceType: 'Observation', id: 'o', meta: { security } }));
  const asked = accessRequest({ items: [{ type: 'Observation', labels, count: 1, ids: ['o'] }] });
  return decide(undefined, policy, asked, 'NorthHospitalMSP', '2026-03-01T08:00:00.000Z')[0]?.decision;
}

const ACT = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
const many = Array.from({ length: 25 }, (_, i) => ({
  system: 'https://labels.example.org',
  code: String(i),
}));

test.each<[string, string[], unknown]>([
  ['by OID', ['PSY'], [{ system: 'urn:oid:2.16.840.1.113883.5.4', code: 'PSY' }]],
  ['by its STU3 name', ['PSY'], [{ system: 'http://hl7.org/fhir/v3/ActCode', code: 'PSY' }]],
  ['by https', ['PSY'], [{ system: 'https://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'PSY' }]],
  ['in small letters', ['PSY'], [{ system: ACT, code: 'psy' }]],
  ['with a blank', ['PSY'], [{ system: ACT, code: 'PSY ' }]],
  ['with a slash', ['PSY'], [{ system: `${ACT}/`, code: 'PSY' }]],
  ['with a version', ['PSY'], [{ system: `${ACT}|2018-08-12`, code: 'PSY' }]],
  ['with a zero-width space', ['PSY'], [{ system: ACT, code: 'P\u200bSY' }]],
  ['without a system', ['PSY'], [{ code: 'PSY' }]],
  ['under a system of its own', ['PSY'], [{ system: 'https://labels.example.org', code: 'PSY' }]],
  [
    'by the retired code of Confidentiality',
    ['PSY'],
    [{ system: 'urn:oid:2.16.840.1.113883.5.25', code: 'PSY' }],
  ],
  ['by the other code of mental health', ['PSY'], [{ system: ACT, code: 'MH' }]],
  ['by what is below it', ['ETH'], [{ system: ACT, code: 'ETHUD' }]],
  ['by what is below its group', ['ETH'], [{ system: ACT, code: 'OPIOIDUD' }]],
  ['by a stricter confidentiality', ['R'], [{ system: 'http://hl7.org/fhir/v3/Confidentiality', code: 'V' }]],
  ['among more labels than can be recorded', ['PSY'], [...many, { system: ACT, code: 'PSY' }]],
  ['by words alone', ['PSY'], [{ display: 'Psychiatry' }]],
  ['as a text', ['PSY'], ['PSY']],
])('%s: withheld', (_, denied, security) => {
  expect(outcome(denied, security)).toBe('deny');
});

test('what is not sensitive stays open', () => {
  expect(
    outcome(
      ['PSY', 'R'],
      [
        { system: ACT, code: 'HIV' },
        { system: ACT, code: 'DELAU' },
      ],
    ),
  ).toBe('permit');
  expect(outcome(['PSY', 'R'], undefined)).toBe('permit');
});
