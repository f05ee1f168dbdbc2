// SPDX-License-Identifier: Apache-2.0
import type { Action } from '@chartwitness/chaincode/domain';
import { AppError } from '../errors';
import type { BoundPatient } from '../fhir/subject';
import type { AccessContext } from './accessContext';
import type { Absence, Inquiry } from './absence';
import { ALL_PERMITTED, AskedForesight, type Foresight } from './foresight';
import { type Proposal, recordAccess, type Recorded } from './recordAccess';
import { type Errand, foreseen, type RecordDependencies } from './recordItems';

export interface RecordingDependencies extends RecordDependencies {
  readonly absence: Absence;
}

type Asker = Pick<AccessContext, 'principal' | 'emergency' | 'admittedAt'>;

/**
 * Has the ledger record what one request asks for, and waits as long where there is nobody to record it
 * under.
 */
export class Recording {
  /** For what is recorded under this request. */
  readonly dependencies: RecordDependencies;
  readonly #absence: Absence;
  readonly #asker: Asker;
  readonly #requestedAt: string;

  /** @param requestedAt milliseconds since the epoch. */
  constructor(dependencies: RecordingDependencies, asker: Asker, requestedAt: number) {
    this.dependencies = dependencies;
    this.#absence = dependencies.absence;
    this.#asker = asker;
    this.#requestedAt = new Date(requestedAt).toISOString();
  }

  record(proposal: Proposal, bound: BoundPatient, action: Action): Promise<Recorded> {
    return recordAccess(proposal, this.errand(bound, action), this.dependencies);
  }

  /** @param said what this request's records have said of kinds of matches. */
  foresight(bound: BoundPatient, said: ReadonlyMap<string, boolean>): Foresight {
    if (this.#asker.emergency.kind === 'incomplete') {
      return ALL_PERMITTED;
    }
    return new AskedForesight(
      (kinds) => foreseen(kinds, this.errand(bound, 'search'), this.dependencies),
      this.#isEmergency,
      said,
    );
  }

  /**
   * In an emergency what nobody read is decided on as carrying every label, which a rule about any of them
   * denies. Where the rules would give it without a label, nobody knows whether they deny it. While the own
   * peer has no word, that counts as so where anything is given.
   */
  async mayHide(
    types: ReadonlySet<string>,
    { decisions }: Pick<Recorded, 'decisions'>,
    bound: BoundPatient,
  ): Promise<boolean> {
    if (types.size === 0 || !this.#isEmergency) {
      return false;
    }
    try {
      const kinds = [...types].map((type) => ({ type, labels: [] }));
      return (await foreseen(kinds, this.errand(bound, 'search'), this.dependencies)).includes(true);
    } catch (error) {
      this.dependencies.log.warn(
        { err: error },
        'the own peer has no word on what was not read in an emergency',
      );
      return decisions.includes(true);
    }
  }

  errand({ subject, formerSubjects, besideSubjects }: BoundPatient, action: Action): Errand {
    const { principal, emergency, admittedAt } = this.#asker;
    return {
      principal,
      emergency,
      admittedAt,
      action,
      requestedAt: this.#requestedAt,
      subject,
      formerSubjects,
      besideSubjects,
    };
  }

  #inquiry(action: Action): Inquiry {
    const { principal, emergency, admittedAt } = this.#asker;
    return { principal, emergency, admittedAt, action, requestedAt: this.#requestedAt };
  }

  /** @throws what the recorder throws, for nobody as for somebody. */
  async assertForeseen(type: string): Promise<void> {
    await this.#absence.assertForeseen(type, this.#inquiry('search'));
  }

  /** Whether {@link assertForeseen} has anything to ask. */
  get isBlind(): boolean {
    return this.#absence.isBlind;
  }

  /**
   * The answer for what is not there, after the declaration of an emergency was checked as it is for what is
   * there.
   */
  async absent(type: string): Promise<AppError> {
    await this.nothing(type, 'read');
    return new AppError('NOT_FOUND', 'nothing to release');
  }

  /** Nothing was there to ask for: what a denial must not be told from. */
  async nothing(type: string, action: Action): Promise<void> {
    await this.#absence.settle(type, this.#inquiry(action));
  }

  get #isEmergency(): boolean {
    return this.#asker.emergency.kind === 'declared';
  }
}
