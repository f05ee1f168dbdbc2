// SPDX-License-Identifier: Apache-2.0
import { US_IDENTIFIER_SYSTEMS } from '../../../gateway/src/compose/bootstrap';
import { identifierTable } from '../../../gateway/src/subjects/networkTable';
import { createPseudonyms } from '../../../gateway/src/subjects/pseudonyms';

const pseudonyms = createPseudonyms({
  table: identifierTable(US_IDENTIFIER_SYSTEMS, Date.now),
  consortiumKey: Buffer.alloc(32, 7),
});

/** The subject of a test patient under the harness's consortium key. */
export function subjectOf(value: string): string {
  const subject = pseudonyms.of({ system: 'http://hl7.org/fhir/sid/us-ssn', value });
  if (subject === undefined) {
    throw new Error('no subject');
  }
  return subject;
}
