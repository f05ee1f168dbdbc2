// SPDX-License-Identifier: Apache-2.0
import { type ConsentRule, decide, parsePolicy } from '@chartwitness/chaincode/domain';
import { accessRequest } from '../support/accessRequests';

/**
 * An organisation that states an id which a patient's rule means for a person elsewhere; and a block that
 * shall open.
 */
const ID = 'urn:oid:2.16.840.1.113883.4.6#70';
const AT = '2026-03-01T08:00:00.000Z';

function isOpen(rules: readonly ConsentRule[], org: string, id: string, isEmergency = false): boolean {
  const asked = accessRequest({
    requester: { org, clientId: 'c', person: { id, name: 'Dr. Pandora Weissnat', role: 'doctor' } },
    ...(isEmergency ? { purpose: 'BTG', emergency: { reason: 'unconscious on arrival' } } : {}),
    items: [{ type: 'Condition', labels: ['SEX'], count: 3, ids: [] }],
  });
  const policy = { rules, default: 'deny' } as const;
  return decide(undefined, policy, asked, 'NorthHospitalMSP', AT)[0]?.decision === 'permit';
}

test('a permission for a doctor of South is not for who names that id at North', () => {
  const rules: ConsentRule[] = [{ id: 'her', effect: 'permit', user: ID, org: 'SouthClinicMSP' }];
  expect(isOpen(rules, 'SouthClinicMSP', ID)).toBe(true);
  expect(isOpen(rules, 'NorthHospitalMSP', ID)).toBe(false);
  expect(() => parsePolicy({ rules: [{ id: 'her', effect: 'permit', user: ID }], default: 'deny' })).toThrow(
    /policy\.rules\[0\]\.org: /,
  );
});

test.each([ID.toUpperCase(), ID.replace('#', '＃'), ID])('a block holds for %j, wherever', (id) => {
  const rules: ConsentRule[] = [
    { id: 'block', effect: 'deny', user: ID, org: 'SouthClinicMSP' },
    { id: 'care', effect: 'permit' },
  ];
  expect(isOpen(rules, 'SouthClinicMSP', id)).toBe(false);
  expect(isOpen(rules, 'NorthHospitalMSP', id)).toBe(false);
});

test('a block, wherever it stands, opens nothing that is closed even in an emergency', () => {
  const closed: ConsentRule = { id: 'sex', effect: 'deny', labels: ['SEX'], holdsInEmergency: true };
  const block: ConsentRule = { id: 'block', effect: 'deny', user: ID };
  for (const rules of [[closed], [block, closed], [closed, block], [block, { ...block, id: 'b2' }, closed]]) {
    expect(isOpen(rules, 'SouthClinicMSP', ID, true)).toBe(false);
    expect(isOpen(rules, 'SouthClinicMSP', 'another', true)).toBe(false);
  }
});
