// SPDX-License-Identifier: Apache-2.0
import { canonicalJson, type ConsentPolicy } from '@chartwitness/chaincode/domain';
import { AppError } from '../../errors';
import { LedgerError } from '../../ledger/ledgerError';
import type { ConsentVersion, ProvenanceLedger } from '../../ledger/provenanceLedger';
import type { NetworkDirectory } from '../../registry/networkDirectory';

/** A consent as it stands: version 0 is the network's default policy, while none is on file. */
export interface StandingConsent extends ConsentPolicy {
  readonly subject: string;
  readonly version: number;
}

export interface ConsentDesk {
  current(subject: string): Promise<StandingConsent>;
  /** Every version on file, newest first. */
  history(subject: string): Promise<readonly ConsentVersion[]>;
  /**
   * Commits a change and answers with what stands then.
   * @param expectedVersion the version that the change starts from; 0 when none was on file.
   * @throws AppError PRECONDITION_FAILED when another change came first; LEDGER_UNAVAILABLE when it is not
   *   committed, or when that cannot be told: trying again with the same version is safe.
   */
  change(subject: string, policy: ConsentPolicy, expectedVersion: number): Promise<StandingConsent>;
}

export interface ConsentDeskDeps {
  readonly ledger: Pick<ProvenanceLedger, 'findConsent' | 'consentHistory' | 'putConsent'>;
  readonly registry: NetworkDirectory;
}

const RETRY_SECONDS = 2;

export function createConsentDesk(deps: ConsentDeskDeps): ConsentDesk {
  const current = async (subject: string): Promise<StandingConsent> => {
    const onFile = await deps.ledger.findConsent(subject);
    if (onFile !== undefined) {
      return onFile.document;
    }
    const { defaultPolicy } = await deps.registry.settings();
    return { subject, version: 0, rules: defaultPolicy.rules, default: defaultPolicy.default };
  };
  /** The reply was lost: what stands now tells whether this change, another one, or none was committed. */
  const settle = async (
    subject: string,
    policy: ConsentPolicy,
    expected: number,
    cause: LedgerError,
  ): Promise<StandingConsent> => {
    const standing = await current(subject);
    if (standing.version === expected + 1 && isSamePolicy(standing, policy)) {
      return standing;
    }
    if (standing.version > expected) {
      throw new AppError('PRECONDITION_FAILED', 'another change came first', { cause });
    }
    throw new AppError('LEDGER_UNAVAILABLE', 'the outcome of the change is not known yet', {
      cause,
      retryAfterSeconds: RETRY_SECONDS,
    });
  };
  return {
    current,
    history: async (subject) => [...(await deps.ledger.consentHistory(subject))].reverse(),
    change: async (subject, policy, expectedVersion) => {
      try {
        const { version } = await deps.ledger.putConsent(subject, policy, expectedVersion);
        return { subject, version, rules: policy.rules, default: policy.default };
      } catch (error) {
        if (error instanceof LedgerError && error.kind === 'unknown') {
          return await settle(subject, policy, expectedVersion, error);
        }
        throw error;
      }
    },
  };
}

function isSamePolicy(one: ConsentPolicy, other: ConsentPolicy): boolean {
  const text = ({ rules, default: fallback }: ConsentPolicy): string =>
    canonicalJson({ rules, default: fallback });
  return text(one) === text(other);
}
