// SPDX-License-Identifier: Apache-2.0
import { EVERY_LABEL } from '@chartwitness/chaincode/domain';
import fc from 'fast-check';
import {
  type FakeFhirServer,
  observation,
  patient,
  searchset,
  startFakeFhirServer,
} from '../gateway/fhir/fakeFhirServer';
import { bundleOf, type Hospital } from '../gateway/hospital/hospitalFixture';
import { hospitalBefore } from '../gateway/hospital/support/hospitalBefore';

// A source that writes a label, or the mark of a subset, in a form that FHIR does not have must not open what
// a rule withholds.

const INLINE = 'http://hl7.org/fhir/uv/security-label-ds4p/StructureDefinition/extension-inline-sec-label';
const psy = { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'PSY' };
const inline = { url: INLINE, valueCoding: psy };

let source: FakeFhirServer;
let hospital: Hospital;
beforeAll(async () => {
  source = await startFakeFhirServer();
  source.answers = { 'Patient/a': patient('a', '111') };
  hospital = await hospitalBefore(source);
  hospital.recorder.permitWhere(({ labels }) => !labels.includes('PSY') && !labels.includes(EVERY_LABEL));
});
afterAll(() => source.close());

async function idsGiven(members: Record<string, unknown>): Promise<unknown> {
  source.answers['Observation'] = searchset([observation('plain', 'a'), observation('odd', 'a', members)]);
  return bundleOf(await hospital.get('Observation?patient=a')).entry?.map(({ resource }) => resource.id);
}

describe('withheld', () => {
  test.each<[string, Record<string, unknown>]>([
    ['a tag without its list', { meta: { tag: { code: 'SUBSETTED' } } }],
    ['a tag that is a text', { meta: { tag: 'SUBSETTED' } }],
    ['a tag in a list of a list', { meta: { tag: [[{ code: 'SUBSETTED' }]] } }],
    ['a tag in full width', { meta: { tag: [{ code: '\uff33UBSETTED' }] } }],
    ['a tag with an invisible character', { meta: { tag: [{ code: 'SUB\u200bSETTED' }] } }],
    ['a tag whose code is a list', { meta: { tag: [{ code: ['SUBSETTED'] }] } }],
    ['an extension without its list', { extension: inline }],
    ['a modifier extension without its list', { modifierExtension: inline }],
    ['an extension in a list of a list', { extension: [[inline]] }],
    ['an extension that is a text', { extension: INLINE }],
    ['an extension whose URL is a list', { extension: [{ ...inline, url: [INLINE] }] }],
    ['an extension whose URL has a query', { extension: [{ ...inline, url: `${INLINE}?v=1` }] }],
    ['an extension whose URL has a fragment', { extension: [{ ...inline, url: `${INLINE}#1` }] }],
    ['the same on an element', { note: [{ text: 'x', extension: inline }] }],
    [
      'the same in a contained resource',
      { contained: [{ resourceType: 'Specimen', id: 's', extension: inline }] },
    ],
    ['labels in a list of a list', { meta: { security: [[psy]] } }],
    ['labels as a CodeableConcept', { meta: { security: { coding: [psy] } } }],
    ['meta as a list', { meta: [{ security: [psy] }] }],
  ])('%s', async (_name, members) => {
    expect(await idsGiven(members)).toEqual(['plain']);
  });

  test('however deep a label or the mark of a subset is wrapped in lists', async () => {
    const place = fc.constantFrom<(wrap: (value: unknown) => unknown) => Record<string, unknown>>(
      (wrap) => ({ meta: { tag: wrap({ code: 'SUBSETTED' }) } }),
      (wrap) => ({ meta: { security: wrap(psy) } }),
      (wrap) => ({ meta: wrap({ security: [psy] }) }),
      (wrap) => ({ extension: wrap(inline) }),
      (wrap) => ({ note: [{ text: 'x', modifierExtension: wrap(inline) }] }),
    );
    const wrapped = (depth: number) => (value: unknown) =>
      Array.from({ length: depth }).reduce<unknown>((inner) => [inner], value);
    await fc.assert(
      fc.asyncProperty(place, fc.integer({ min: 0, max: 12 }), async (within, depth) => {
        expect(await idsGiven(within(wrapped(depth)))).toEqual(['plain']);
      }),
      { numRuns: 40 },
    );
  });
});

describe('twin: given', () => {
  test.each<[string, Record<string, unknown>]>([
    ['another tag', { meta: { tag: [{ code: 'SUBSET' }, { display: 'of the ward' }] } }],
    ['another extension', { extension: [{ url: `${INLINE}-reviewed`, valueBoolean: true }] }],
    ['no tag, no label, no extension', { meta: { tag: null, security: [] }, extension: null }],
  ])('%s', async (_name, members) => {
    expect(await idsGiven(members)).toEqual(['plain', 'odd']);
  });
});
