// SPDX-License-Identifier: Apache-2.0
import {
  EVERY_LABEL,
  type IdentifierTable,
  type NormalIdentifier,
  normaliseLabels,
  type PatientIdentifier,
} from '@chartwitness/chaincode/domain';
import { labelsAt } from './labels';
import {
  elements,
  isFhirId,
  isMembers,
  type FhirResource,
  type JsonMembers,
  type ResourceFacts,
} from './resource';
import { hasUntoldLabels, isSubset, saysSensitivity } from './untoldLabels';

export interface FactsOptions {
  /**
   * Base URL of the server that the resources come from; undefined when its resources hold relative
   * references only.
   */
  readonly upstreamBaseUrl: string | undefined;
  /** Called for each resource whose labels cannot be told, or are more than the ledger holds. */
  readonly onUntoldLabels?: () => void;
  /** Identifier systems by which patients are known in the network, in its order. */
  readonly identifiers: IdentifierTable;
  /**
   * Whether a resource without a sensitivity label counts as carrying every label: its source's labels can be
   * trusted nowhere.
   */
  readonly distrustUnlabelled?: boolean;
}

export type FactsReader = (resource: FhirResource) => ResourceFacts;

/** Deeper resources are not valid FHIR, and reading on would be at the sender's cost alone. */
const MAX_DEPTH = 64;
const LITERAL_REFERENCE = /^(.*\/)?([A-Z][A-Za-z]{1,63})\/([A-Za-z0-9.-]{1,64})(?:\/_history\/[^/]+)?$/;

/** Reads facts once per resource object; resources must not be changed afterwards. */
export function createFactsReader(options: FactsOptions): FactsReader {
  const known = new WeakMap<FhirResource, ResourceFacts>();
  return (resource) => {
    const facts = known.get(resource) ?? new Gatherer(options).gather(resource);
    known.set(resource, facts);
    return facts;
  };
}

/**
 * The identifiers of `holder` (a Patient, or any element with `identifier`) that the network knows, in its
 * spelling and in its order. Former ones (`use: old`) do not count unless asked for.
 */
export function identifiersIn(
  holder: JsonMembers,
  table: IdentifierTable,
  { includesFormer = false }: { readonly includesFormer?: boolean } = {},
): readonly NormalIdentifier[] {
  const { identifier, birthDate } = holder;
  const all = isMembers(identifier) ? [identifier] : elements(identifier);
  return all
    .flatMap(({ system, value, use }) => {
      const isStated = typeof system === 'string' && typeof value === 'string';
      return isStated && (use !== 'old' || includesFormer)
        ? (table.normalise({ system, value }, typeof birthDate === 'string' ? birthDate : undefined) ?? [])
        : [];
    })
    .sort((a, b) => a.order - b.order);
}

class Gatherer {
  readonly #options: FactsOptions;
  readonly #labels = new Set<string>();
  readonly #patientIds = new Set<string>();
  readonly #patientIdentifiers: PatientIdentifier[] = [];
  readonly #references = new Set<string>();
  readonly #strangeBases = new Set<string>();
  #isUntold = false;
  #namesStranger = false;
  #holdsUpstreamUrl = false;

  constructor(options: FactsOptions) {
    this.#options = options;
  }

  gather(resource: FhirResource): ResourceFacts {
    this.#isUntold = hasUntoldLabels(resource);
    if (resource.resourceType === 'Patient') {
      // Other records of the same person are named in `link`; the gateway cuts them out instead of
      // withholding the patient.
      this.#visitMembers({ ...resource, link: undefined }, 0);
      this.#namePatient(resource.id);
    } else {
      this.#visit(resource, 0);
    }
    return {
      labels: this.#toldLabels(),
      patientIds: this.#patientIds,
      patientIdentifiers: this.#patientIdentifiers,
      namesStranger: this.#namesStranger,
      strangeBases: this.#strangeBases,
      references: this.#references,
      holdsUpstreamUrl: this.#holdsUpstreamUrl,
    };
  }

  /** A subset may have lost its labels; so may what comes from a source whose labels cannot be trusted. */
  #toldLabels(): readonly string[] {
    const labels = normaliseLabels(this.#labels);
    const isUntold =
      this.#isUntold ||
      labels.includes(EVERY_LABEL) ||
      (this.#options.distrustUnlabelled === true && !labels.some(saysSensitivity));
    if (isUntold) {
      this.#options.onUntoldLabels?.();
    }
    return isUntold ? [EVERY_LABEL] : labels;
  }

  #visit(value: unknown, depth: number): void {
    if (depth > MAX_DEPTH) {
      this.#namesStranger = true;
    } else if (Array.isArray(value)) {
      for (const element of value as unknown[]) {
        this.#visit(element, depth + 1);
      }
    } else if (isMembers(value)) {
      this.#visitMembers(value, depth);
    } else if (typeof value === 'string') {
      this.#visitText(value);
    }
  }

  #visitMembers(members: JsonMembers, depth: number): void {
    for (const label of labelsAt(members)) {
      this.#labels.add(label);
    }
    this.#isUntold ||= isSubset(members);
    this.#visitReference(members);
    if (depth > 0 && members['resourceType'] === 'Patient') {
      this.#visitIdentifiedPatient(members);
    }
    for (const member of Object.values(members)) {
      this.#visit(member, depth + 1);
    }
  }

  #visitText(text: string): void {
    const base = this.#options.upstreamBaseUrl;
    if (base !== undefined && text.includes(base)) {
      this.#holdsUpstreamUrl = true;
    }
  }

  #visitReference(members: JsonMembers): void {
    const { reference, identifier, type } = members;
    if (typeof reference === 'string') {
      this.#visitLiteral(reference, type);
    } else if (type === 'Patient') {
      this.#visitIdentifiedPatient(members);
    } else if (isMembers(identifier)) {
      this.#patientIdentifiers.push(...identifiersIn(members, this.#options.identifiers));
    }
  }

  #visitLiteral(reference: string, type: unknown): void {
    const [, base = '', target, id] = LITERAL_REFERENCE.exec(reference) ?? [];
    if (target === undefined || id === undefined) {
      this.#namesStranger ||= saysPatient(reference, type);
      return;
    }
    const isLocal = base === '' || base === `${this.#options.upstreamBaseUrl ?? ''}/`;
    if (isLocal) {
      this.#references.add(`${target}/${id}`);
    }
    if (target === 'Patient') {
      if (!isLocal) {
        this.#strangeBases.add(base.replace(/\/$/, ''));
      }
      this.#namePatient(isLocal ? id : undefined);
    }
  }

  #visitIdentifiedPatient(members: JsonMembers): void {
    const [identifier] = identifiersIn(members, this.#options.identifiers);
    if (identifier === undefined) {
      this.#namesStranger = true;
    } else {
      this.#patientIdentifiers.push(identifier);
    }
  }

  #namePatient(id: string | undefined): void {
    if (isFhirId(id)) {
      this.#patientIds.add(id);
    } else {
      this.#namesStranger = true;
    }
  }
}

/**
 * `#contained` is visited where it stands; a conditional or unknown form that is said to be a patient cannot
 * be told.
 */
function saysPatient(reference: string, type: unknown): boolean {
  return !reference.startsWith('#') && (type === 'Patient' || /\bPatient\b/.test(reference));
}
