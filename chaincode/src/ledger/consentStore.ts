// SPDX-License-Identifier: Apache-2.0
import { type ConsentDocument, CONSENTS, DomainError } from '../domain';
import { changeIdForm, documentForm, utcForm } from '../domain/consentForm';
import { parseAs, record } from '../domain/form';
import type { TransactionState } from './transactionState';

const CHANGE = 'change';

/** A version of a consent and the transaction time at which it became the subject's. */
export interface ConsentVersion {
  readonly document: ConsentDocument;
  /** RFC 3339 in UTC with milliseconds. */
  readonly at: string;
}

/** As stored: the random change id keeps the value's public hash from being guessed. */
interface StoredConsent extends ConsentVersion {
  readonly changeId: string;
}

const storedForm = record<StoredConsent>({ document: documentForm, at: utcForm, changeId: changeIdForm });
const parseStored = (value: unknown): StoredConsent => parseAs(storedForm, value, 'consent');

/** The consents: private data, the current one under the subject and every change under its random id. */
export class ConsentStore {
  readonly #state: TransactionState;

  constructor(state: TransactionState) {
    this.#state = state;
  }

  async find(subject: string): Promise<ConsentVersion | undefined> {
    const stored = await this.#state.find(subject, parseStored, CONSENTS);
    return stored && { document: stored.document, at: stored.at };
  }

  /** Says which subjects' consents will be asked for, so that they come together. */
  prefetch(subjects: ReadonlySet<string>): Promise<void> {
    return this.#state.prefetch([...subjects], CONSENTS);
  }

  /**
   * Every version, oldest first. Only in an evaluated transaction: Fabric cannot validate a private range.
   */
  async history(subject: string): Promise<ConsentVersion[]> {
    const stored = await this.#state.list(CHANGE, [subject], parseStored, CONSENTS);
    return stored
      .map(({ document, at }) => ({ document, at }))
      .sort((a, b) => a.document.version - b.document.version);
  }

  /** @throws DomainError `CONFLICT` when the change id was used before, as it would replace that change. */
  async put({ document, at }: ConsentVersion, changeId: string): Promise<void> {
    const changeKey = this.#state.key(CHANGE, document.subject, changeId);
    if (await this.#state.has(changeKey, CONSENTS)) {
      throw new DomainError('CONFLICT', 'changeId: used before; take fresh random bits for every change');
    }
    const stored: StoredConsent = { document, at, changeId };
    await this.#state.put(document.subject, stored, CONSENTS);
    await this.#state.put(changeKey, stored, CONSENTS);
  }
}
