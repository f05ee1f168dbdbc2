// SPDX-License-Identifier: Apache-2.0
import { MAX_ITEMS, type RequestItem } from '@chartwitness/chaincode/domain';
import { type Candidate, kindOf, recordedLabels } from '../fhir/itemGroups';

/**
 * What the rules would say now of kinds of data, so that a page can be filled before it is recorded. Never a
 * release.
 */
export interface Foresight {
  /** Finds out about the kinds of these resources; needed before {@link permits}. */
  learn(candidates: readonly Candidate[]): Promise<void>;
  permits(candidate: Candidate): boolean;
}

export type Kind = Pick<RequestItem, 'type' | 'labels'>;
/** Asks the own peer. At most {@link MAX_ITEMS} kinds. */
export type AskAboutKinds = (kinds: readonly Kind[]) => Promise<readonly boolean[]>;

/** Takes everything for permitted: the record decides alone. */
export const ALL_PERMITTED: Foresight = { learn: () => Promise.resolve(), permits: () => true };

/** Asks about each kind once. */
export class AskedForesight implements Foresight {
  readonly #ask: AskAboutKinds;
  readonly #mayGuess: boolean;
  readonly #known: Map<string, boolean>;
  #isGuessing = false;

  /**
   * @param mayGuess whether to take kinds for permitted when the own peer gives no answer: in an emergency,
   *   where the recorder decides without it as well.
   * @param said what is known already, by kind.
   */
  constructor(ask: AskAboutKinds, mayGuess: boolean, said: ReadonlyMap<string, boolean> = new Map()) {
    this.#ask = ask;
    this.#mayGuess = mayGuess;
    this.#known = new Map(said);
  }

  async learn(candidates: readonly Candidate[]): Promise<void> {
    const unknown = new Map<string, Kind>();
    for (const candidate of candidates) {
      const kind = kindFor(candidate);
      const key = kindOf(kind);
      if (!this.#known.has(key)) {
        unknown.set(key, kind);
      }
    }
    const waiting = this.#isGuessing ? [] : [...unknown];
    while (waiting.length > 0) {
      const asked = waiting.splice(0, MAX_ITEMS);
      try {
        const answers = await this.#ask(asked.map(([, kind]) => kind));
        asked.forEach(([key], place) => this.#known.set(key, answers[place] === true));
      } catch (error) {
        if (!this.#mayGuess) {
          throw error;
        }
        // Waiting again for a peer that is away would use up the emergency's time.
        this.#isGuessing = true;
        return;
      }
    }
  }

  permits(candidate: Candidate): boolean {
    return this.#known.get(kindOf(kindFor(candidate))) ?? this.#isGuessing;
  }
}

function kindFor({ resource, facts }: Candidate): Kind {
  return { type: resource.resourceType, labels: recordedLabels(facts) };
}
