// SPDX-License-Identifier: Apache-2.0
import { EVERY_LABEL } from '@chartwitness/chaincode/domain';
import { AppError } from '../../errors';
import type { FactsReader } from '../resourceFacts';
import type { FhirResource } from '../resource';
import type { SourceReadiness, Upstream } from './upstream';

export interface LabelCheckOptions {
  /** The source itself, without what reads again. */
  readonly source: Upstream;
  readonly facts: FactsReader;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** For the whole check; default 10,000. */
  readonly timeoutMs?: number;
}

/** Types in which data of every kind are, asked one after the other until labelled resources are found. */
const TYPES = ['Condition', 'Observation', 'MedicationRequest', 'Encounter', 'DocumentReference'];
const CONFIDENTIALITY = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality';
const LABELLED = ['R', 'V', 'N'].map((code) => `${CONFIDENTIALITY}|${code}`).join(',');
const SAMPLE = '10';
const KEPT_MS = 10 * 60_000;
const INCONCLUSIVE_KEPT_MS = 60_000;

interface Comparison {
  readonly compared: number;
  /** Resources with a label in a read that the search left out. */
  readonly lostInSearch: number;
  /** Resources with a label in a search that the read left out. */
  readonly lostInRead: number;
}

interface Finding {
  readonly readiness: SourceReadiness;
  readonly isConclusive: boolean;
}

/**
 * Compares labels of up to 10 resources of the source as a search gives them and as a read does, and says
 * what it found: not ready where the setting trusts what leaves labels out. Asks the source at most every 10
 * minutes, or every minute while nothing labelled is found. Keeps and says nothing about the resources
 * themselves. Never throws.
 */
export function createLabelCheck(options: LabelCheckOptions): () => Promise<SourceReadiness> {
  const { clock, source } = options;
  let known: Promise<Finding> | undefined;
  let until = 0;
  return async () => {
    if (source.labels === 'nowhere') {
      return {
        ready: true,
        detail: 'labels are trusted nowhere: unlabelled data count as carrying every label',
      };
    }
    if (known === undefined || clock() >= until) {
      until = Infinity;
      known = check(options);
      const { isConclusive } = await known;
      until = clock() + (isConclusive ? KEPT_MS : INCONCLUSIVE_KEPT_MS);
    }
    return (await known).readiness;
  };
}

async function check(options: LabelCheckOptions): Promise<Finding> {
  try {
    return judged(await compare(options), options.source);
  } catch (error) {
    const reason = error instanceof AppError ? error.message : 'failed';
    return {
      readiness: { ready: true, detail: `labels of reads and searches could not be compared: ${reason}` },
      isConclusive: false,
    };
  }
}

async function compare({ source, facts, timeoutMs = 10_000 }: LabelCheckOptions): Promise<Comparison> {
  const signal = AbortSignal.timeout(timeoutMs);
  for (const type of TYPES) {
    const pairs: LabelPair[] = [];
    for (const resource of await found(source, type, signal)) {
      const read = await source.read(type, resource.id ?? '', signal);
      if (read !== undefined) {
        pairs.push({ searched: facts(resource).labels, read: facts(read).labels });
      }
    }
    const comparison = comparisonOf(pairs);
    if (comparison.compared > 0) {
      return comparison;
    }
  }
  return comparisonOf([]);
}

/** Labels of one resource. */
interface LabelPair {
  readonly searched: readonly string[];
  readonly read: readonly string[];
}

function comparisonOf(pairs: readonly LabelPair[]): Comparison {
  const labelled = pairs
    .filter(({ searched, read }) => searched.length + read.length > 0)
    // What is a subset counts as carrying every label anyway.
    .filter(({ searched, read }) => ![...searched, ...read].includes(EVERY_LABEL));
  return {
    compared: labelled.length,
    lostInSearch: labelled.filter(({ searched, read }) => read.some((one) => !searched.includes(one))).length,
    lostInRead: labelled.filter(({ searched, read }) => searched.some((one) => !read.includes(one))).length,
  };
}

/** Resources that the source says are labelled; where it knows none or cannot tell, any. */
async function found(source: Upstream, type: string, signal: AbortSignal): Promise<readonly FhirResource[]> {
  for (const query of [{ _security: LABELLED }, {}]) {
    const entries = await searched(source, type, new URLSearchParams({ ...query, _count: SAMPLE }), signal);
    if (entries.length > 0) {
      return entries.slice(0, Number(SAMPLE));
    }
  }
  return [];
}

/**
 * Nothing where the source does not know the type or the parameters; its readiness says whether it answers at
 * all.
 */
async function searched(
  source: Upstream,
  type: string,
  parameters: URLSearchParams,
  signal: AbortSignal,
): Promise<readonly FhirResource[]> {
  try {
    const { entries } = await source.search(type, parameters, signal);
    return entries.map(({ resource }) => resource).filter(({ resourceType }) => resourceType === type);
  } catch (error) {
    if (error instanceof AppError && !signal.aborted) {
      return [];
    }
    throw error;
  }
}

function judged({ compared, lostInSearch, lostInRead }: Comparison, { labels }: Upstream): Finding {
  const of = `of ${String(compared)} labelled resources`;
  if (compared === 0) {
    const detail = 'no labelled resource was found to compare reads with searches';
    return { readiness: { ready: true, detail }, isConclusive: false };
  }
  if (lostInRead > 0) {
    const detail = `reads leave labels out that searches have, for ${String(lostInRead)} ${of}: UPSTREAM_LABELS must be nowhere`;
    return { readiness: { ready: false, detail }, isConclusive: true };
  }
  if (lostInSearch > 0) {
    const lost = `searches leave labels out that reads have, for ${String(lostInSearch)} ${of}`;
    const readiness =
      labels === 'everywhere'
        ? { ready: false, detail: `${lost}: UPSTREAM_LABELS must be reads` }
        : { ready: true, detail: `${lost}; what searches find is read again` };
    return { readiness, isConclusive: true };
  }
  return {
    readiness: {
      ready: true,
      detail: `reads and searches agree about ${String(compared)} labelled resources`,
    },
    isConclusive: true,
  };
}
