// SPDX-License-Identifier: Apache-2.0
/**
 * A page is filled in two rounds, because the record permits less than was foreseen; and the second one
 * fails.
 */
import type { AccessRequest, RequestItem } from '@chartwitness/chaincode/domain';
import { AppError } from '../../../gateway/src/errors';
import { observation, patient } from '../fhir/fakeFhirServer';
import { createHospital } from './hospitalFixture';
import { pagedSource } from './support/pagedSource';

const CLOSED = {
  meta: { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'PSY' }] },
};
const records = [
  patient('p', '111'),
  ...Array.from({ length: 40 }, (_value, at) =>
    observation(`o${String(at)}`, 'p', at % 2 === 1 ? CLOSED : {}),
  ),
];
const isOpen = ({ labels }: RequestItem): boolean => !labels.some((label) => label.includes('PSY'));

interface Asked {
  readonly status: number;
  readonly ids: readonly string[];
  readonly hasNext: boolean;
  /** Ids that the records permit. */
  readonly recorded: readonly string[];
}

async function ask(fault: 'source' | 'ledger', isEmergency: boolean): Promise<Asked> {
  const seen: AccessRequest[] = [];
  const { upstream } = pagedSource(records, {
    maxCount: 7,
    before: (call) => {
      if (fault === 'source' && seen.length > 0 && call.includes('_page=')) {
        throw new AppError('UPSTREAM_FAILED', 'down');
      }
    },
  });
  const hospital = await createHospital({ upstream });
  const { recorder } = hospital;
  recorder.decide = ({ items }) => ({ permitted: items.map(isOpen), late: false });
  // Ordinary: the denial comes between foresight and record. In the emergency the own peer is silent.
  recorder.evaluate = ({ items }) =>
    isEmergency
      ? Promise.reject(new AppError('LEDGER_UNAVAILABLE', 'the own peer gave no answer'))
      : Promise.resolve(items.map((item) => seen.length === 0 || isOpen(item)));
  const record = recorder.record.bind(recorder);
  recorder.record = async (parts) => {
    if (fault === 'ledger' && seen.length > 0) {
      throw new AppError('LEDGER_UNAVAILABLE', 'not committed in time');
    }
    seen.push(...parts);
    return record(parts);
  };
  const path = 'Observation?patient=p&_count=5';
  const { status, text } = await (isEmergency
    ? hospital.get(path, { purpose: 'BTG' }, { 'break-glass-reason': 'unconscious after a fall' })
    : hospital.get(path));
  const bundle = JSON.parse(text) as {
    readonly entry?: readonly {
      readonly resource: { readonly resourceType: string; readonly id?: string };
    }[];
    readonly link?: readonly { readonly relation: string }[];
  };
  return {
    status,
    ids: (bundle.entry ?? []).flatMap(({ resource: { resourceType, id } }) =>
      resourceType === 'Observation' && id !== undefined ? [id] : [],
    ),
    hasNext: bundle.link?.some(({ relation }) => relation === 'next') === true,
    recorded: seen.flatMap(({ items }) => items.filter(isOpen).flatMap(({ ids }) => ids)),
  };
}

test.each([
  ['source', false],
  ['source', true],
  ['ledger', false],
  ['ledger', true],
] as const)(
  'what is recorded as given is given when the %s fails (emergency: %s)',
  async (fault, isEmergency) => {
    const { status, ids, hasNext, recorded } = await ask(fault, isEmergency);
    expect(status).toBe(200);
    expect(ids.length).toBeGreaterThan(0);
    expect([...ids].sort()).toEqual([...recorded].sort());
    expect(hasNext).toBe(true);
  },
);
