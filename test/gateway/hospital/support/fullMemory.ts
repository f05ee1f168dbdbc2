// SPDX-License-Identifier: Apache-2.0
import type { FhirResource } from '../../../../gateway/src/fhir/resource';
import type { AccessLimits } from '../../../../gateway/src/hospital/limits';
import { observation, patient } from '../../fhir/fakeFhirServer';
import { bundleOf, createHospital, FHIR, type Hospital } from '../hospitalFixture';
import { pagedSource, type PagedSourceOptions } from './pagedSource';

// A hospital whose places in memory are held by answers that are still being taken in.

export const KIB = 1024;
export const MIB = 1024 * KIB;
/**
 * Two large places and two of the middle size: of each, one for a client's ordinary requests and one for its
 * emergencies.
 */
export const MEMORY = { sourceBytes: 8 * MIB, memoryBytes: 16 * MIB };
export const EMERGENCY = { 'break-glass-reason': 'unconscious, no allergy list' };

export type Full = 'large' | 'large and middle';
export type Kind = 'ordinary' | 'emergency';
export type Answer = Awaited<ReturnType<Hospital['get']>>;

export const sized = (id: string, bytes: number, more: Record<string, unknown> = {}): FhirResource =>
  observation(id, 'p', { note: [{ text: 'x'.repeat(bytes) }], ...more });
/** The asker's own. */
const OWN = [
  patient('own', '222'),
  observation('own-large', 'own', { note: [{ text: 'x'.repeat(5 * MIB) }] }),
  observation('own-middle', 'own', { note: [{ text: 'x'.repeat(300 * KIB) }] }),
];

export interface Opened {
  readonly hospital: Hospital;
  /** What the source was asked, in order. */
  readonly calls: string[];
  readonly get: (path: string, kind?: Kind) => Promise<Answer>;
  /** Holds the client's places of a kind, as answers that are still being taken in. */
  readonly fill: (full: Full, kind: Kind) => Promise<void>;
  /** Ends that. */
  readonly free: () => Promise<void>;
}

export type Permits = Parameters<Hospital['recorder']['permitWhere']>[0];

/** By default nobody has to rest after a look. */
export async function open(
  records: readonly FhirResource[],
  permits: Permits = () => true,
  options: PagedSourceOptions = {},
  {
    stopwatch = (): number => 0,
    limits = {},
  }: { readonly stopwatch?: () => number; readonly limits?: Partial<AccessLimits> } = {},
): Promise<Opened> {
  const { upstream, calls } = pagedSource([...records, ...OWN], { maxBytes: MEMORY.sourceBytes, ...options });
  const hospital = await createHospital({
    upstream,
    settings: { limits: { ...MEMORY, ...limits } },
    stopwatch,
  });
  const get = (path: string, kind: Kind = 'ordinary'): Promise<Answer> =>
    kind === 'ordinary' ? hospital.get(path) : hospital.get(path, { purpose: 'BTG' }, EMERGENCY);
  const held: Promise<Answer>[] = [];
  let end: () => void = () => undefined;
  const hasEnded = new Promise<void>((resolve) => {
    end = resolve;
  });
  const hold = async (id: string, kind: Kind): Promise<void> => {
    await new Promise<void>((resolve) => {
      hospital.recorder.decide = async (access) => {
        // Its resource is in memory now.
        resolve();
        await hasEnded;
        return { permitted: access.items.map(() => true), late: false };
      };
      held.push(get(`Observation/${id}`, kind));
    });
    hospital.recorder.permitWhere(permits);
  };
  hospital.recorder.permitWhere(permits);
  return {
    hospital,
    calls,
    get,
    fill: async (full, kind) => {
      await hold('own-large', kind);
      if (full === 'large and middle') {
        await hold('own-middle', kind);
      }
    },
    free: async () => {
      end();
      for (const { status } of await Promise.all(held)) {
        expect(status).toBe(200);
      }
    },
  };
}

export function visible(response: Answer): Record<string, unknown> {
  const headers = Object.entries(response.headers as Record<string, string>).filter(
    ([name]) => name !== 'x-request-id' && name !== 'date',
  );
  const body = response.text.replace(/_cursor=[A-Za-z0-9_-]+/g, '_cursor=…');
  return { status: response.status, headers: Object.fromEntries(headers), body };
}

export const nextOf = (response: Answer): string | undefined =>
  bundleOf(response)
    .link.find(({ relation }) => relation === 'next')
    ?.url.slice(FHIR.length + 1);
export const idsOf = (response: Answer): string[] =>
  (bundleOf(response).entry ?? [])
    .filter(({ search }) => search.mode !== 'outcome')
    .map(({ resource }) => resource.id);
export const sorted = (ids: readonly string[]): string[] => [...ids].sort();
export const outcomesOf = (response: Answer): number =>
  (bundleOf(response).entry ?? []).filter(({ search }) => search.mode === 'outcome').length;
