/**
 * @jest-environment ./test/web/support/browserEnvironment.cjs
 */
// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry } from '@api/schemas';
import { RoleAndPlace } from '../../web/src/components/RoleAndPlace';
import { toCsvFile } from '../../web/src/features/keep/exportFiles';
import { groupVisits } from '../../web/src/features/timeline/groupVisits';
import { VisitRow } from '../../web/src/features/timeline/VisitRow';
import { Vocabulary } from '../../web/src/words/context';
import { words as en } from '../../web/src/words/languages/en';
import { entry, meAnswer } from './support/answers';
import { renderPage } from './support/renderPage';

/** As a server answers that has not read the Registry yet. */
const UNREAD = meAnswer({ organisations: [] });
const coded = (person: AccessEntry['requester']['person']): AccessEntry => {
  const known = entry({});
  const organisation = { mspId: 'SouthClinicMSP', name: 'SouthClinicMSP' };
  return { ...known, holder: 'NorthHospitalMSP', requester: { ...known.requester, organisation, person } };
};
const PERSON = entry({}).requester.person;

it.each([
  ['en', 'SouthClinicMSP (its name cannot be read now)', 'record at NorthHospitalMSP (its name'],
  ['zh-CN', 'SouthClinicMSP（名称暂时无法读取）', '病历在NorthHospitalMSP（名称'],
] as const)('a code in place of a name is told as one (%s)', (language, asking, holding) => {
  const { container } = renderPage(<RoleAndPlace entry={coded(PERSON)} />, { language, me: UNREAD });
  expect(container.textContent).toContain(asking);
  expect(container.textContent).toContain(holding);
});

it('so it is of a computer system, in a line and in a file; the column for programs keeps the code', () => {
  const [day] = groupVisits([coded(null)]);
  const [visit] = day?.visits ?? [];
  if (visit === undefined) {
    throw new Error('a line was expected');
  }
  const { container } = renderPage(<VisitRow visit={visit} />, { me: UNREAD });
  expect(container.textContent).toContain('Computer system of SouthClinicMSP (its name cannot be read now)');
  const facts = { me: UNREAD, filter: {}, entries: [coded(null)], madeAt: new Date(0) };
  const file = toCsvFile(facts, new Vocabulary('en', en));
  expect(file).toContain('Computer system of SouthClinicMSP (its name cannot be read now)');
  expect(file).toContain(',SouthClinicMSP,SouthClinicMSP,');
});

it('twin: an entry that came before the names has them as soon as they are read', () => {
  const { container } = renderPage(<RoleAndPlace entry={coded(PERSON)} />);
  expect(container.textContent).toContain('South Clinic');
  expect(container.textContent).not.toContain('MSP');
});
