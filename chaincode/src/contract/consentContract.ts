// SPDX-License-Identifier: Apache-2.0
import { Contract, Info, Returns, Transaction } from 'fabric-contract-api';
import {
  canonicalJson,
  type ConsentChanged,
  type ConsentDocument,
  DomainError,
  LEDGER_EVENTS,
  MAX_POLICY_BYTES,
  parsePolicy,
} from '../domain';
import { changeIdForm, expectedVersionForm, subjectForm } from '../domain/consentForm';
import { parseAs } from '../domain/form';
import { transientJson, transientText } from './argument';
import { requireTrustee } from './caller';
import { ProvenanceContext } from './context';

/** The subjects' consents: private data of the collection `consents`, for the trustee's callers only. */
@Info({ title: 'Consent', description: 'The subjects’ consents and their history' })
export class ConsentContract extends Contract {
  /** This peer's clock in milliseconds since 1970; a test's to replace. */
  clock: () => number = Date.now;

  constructor() {
    super('Consent');
  }

  override createContext(): ProvenanceContext {
    return new ProvenanceContext();
  }

  /**
   * Replaces a subject's consent. Transient `policy`: JSON of a ConsentPolicy; transient `changeId`: 128
   * random bits, base64url.
   * @param expectedVersion version that the change starts from, 0 for the first; `VERSION_CONFLICT` when it
   *   is not the current one.
   * @returns the new version.
   */
  @Transaction()
  @Returns('string')
  async Put(ctx: ProvenanceContext, subject: string, expectedVersion: string): Promise<string> {
    await requireTrustee(ctx);
    const at = ctx.timeWithin(this.clock());
    parseAs(subjectForm, subject, 'subject');
    const expected = Number(parseAs(expectedVersionForm, expectedVersion, 'expectedVersion'));
    const policy = parsePolicy(transientJson(ctx, 'policy', MAX_POLICY_BYTES));
    const changeId = parseAs(changeIdForm, transientText(ctx, 'changeId', 64), 'changeId');
    const current = (await ctx.stores.consents.find(subject))?.document.version ?? 0;
    if (current !== expected) {
      throw new DomainError('VERSION_CONFLICT', `the current version is ${current}, not ${expected}`);
    }
    const document: ConsentDocument = { ...policy, subject, version: current + 1 };
    await ctx.stores.consents.put({ document, at }, changeId);
    const change: ConsentChanged = { subject, version: document.version };
    ctx.emit(LEDGER_EVENTS.consentChanged, change);
    return String(document.version);
  }

  /** The current consent as `{at, document}`; `NOT_FOUND` when none is on file. */
  @Transaction(false)
  @Returns('string')
  async Get(ctx: ProvenanceContext, subject: string): Promise<string> {
    await requireTrustee(ctx);
    const consent = await ctx.stores.consents.find(parseAs(subjectForm, subject, 'subject'));
    if (consent === undefined) {
      throw new DomainError('NOT_FOUND', 'no consent on file');
    }
    return canonicalJson(consent);
  }

  /** Every version as `{at, document}`, oldest first; empty when none is on file. */
  @Transaction(false)
  @Returns('string')
  async History(ctx: ProvenanceContext, subject: string): Promise<string> {
    await requireTrustee(ctx);
    return canonicalJson(await ctx.stores.consents.history(parseAs(subjectForm, subject, 'subject')));
  }
}
