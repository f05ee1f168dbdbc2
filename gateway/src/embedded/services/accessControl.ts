// SPDX-License-Identifier: Apache-2.0
import { hasRole, hasSigned, type Identity, type Membership, type Principal } from '../identity/membership';
import type { ChannelRules } from '../options';
import { isSatisfied, parsePolicy, type SignaturePolicy } from '../policy/signaturePolicy';

/** Channel policies that the services ask for. */
export type ChannelPolicy = 'Readers' | 'Writers';

const ADMITTED: Record<ChannelPolicy, readonly string[]> = {
  Readers: ['client', 'peer', 'admin'],
  Writers: ['client', 'admin'],
};
const CALL = 'peer/ChaincodeToChaincode';

/** Who may do what on one channel. Refusals are in a peer's words. */
export class ChannelAccess {
  readonly #channel: string;
  readonly #members: readonly string[];
  readonly #writers: ReadonlyMap<string, SignaturePolicy>;
  readonly #callers: ChannelPolicy | undefined;

  /** @throws PolicySyntaxError, and Error for a rule that is not known. */
  constructor(channel: string, members: readonly string[], rules: ChannelRules = {}) {
    this.#channel = channel;
    this.#members = members;
    const writers = Object.entries(rules.writers ?? {});
    this.#writers = new Map(writers.map(([mspId, policy]) => [mspId, parsePolicy(policy)]));
    this.#callers = callersOf(channel, rules.acls ?? {});
  }

  /** Why an identity does not satisfy a policy; undefined when it does. */
  refusal(identity: Pick<Identity, 'mspId' | 'role'>, policy: ChannelPolicy): string | undefined {
    return this.#satisfies(identity, policy) ? undefined : this.#unsatisfied(policy);
  }

  /**
   * Why chaincode on this channel is not called in a transaction that somebody made for another channel;
   * undefined when it may be.
   */
  refusalOfCall(creator: Principal): string | undefined {
    if (this.#callers === undefined) {
      return this.refusal(creator, 'Writers');
    }
    return this.#satisfies(creator, this.#callers)
      ? undefined
      : `failed evaluating policy on signed data during check policy [/Channel/Application/${this.#callers}]: [${noneSatisfied(this.#callers)}]`;
  }

  /** Whether signed data come from somebody whom the policy admits, expired or not; the reason when not. */
  refusalOfSigned(
    membership: Membership,
    signed: { data: Uint8Array; identity: Uint8Array; signature: Uint8Array },
    policy: ChannelPolicy,
  ): string | undefined {
    const identity = membership.identify(signed.identity);
    if (!identity || !hasRole(identity) || !hasSigned(identity, signed.data, signed.signature)) {
      return this.#unsatisfied(policy);
    }
    return this.refusal(identity, policy);
  }

  #satisfies({ mspId, role }: Pick<Identity, 'mspId' | 'role'>, policy: ChannelPolicy): boolean {
    if (role === undefined || !this.#members.includes(mspId)) {
      return false;
    }
    const own = policy === 'Writers' ? this.#writers.get(mspId) : undefined;
    return own === undefined ? ADMITTED[policy].includes(role) : isSatisfied(own, [{ mspId, role }]);
  }

  #unsatisfied(policy: ChannelPolicy): string {
    return `Failed evaluating policy on signed data during check policy on channel [${this.#channel}] with policy [/Channel/Application/${policy}]: [${noneSatisfied(policy)}]`;
  }
}

/** What every policy of policies says that nobody satisfies. */
export function noneSatisfied(policy: ChannelPolicy): string {
  return `implicit policy evaluation failed - 0 sub-policies were satisfied, but this policy requires 1 of the '${policy}' sub-policies to be satisfied`;
}

function callersOf(channel: string, acls: Readonly<Record<string, string>>): ChannelPolicy | undefined {
  const [, policy] = /^\/Channel\/Application\/(Readers|Writers)$/.exec(acls[CALL] ?? '') ?? [];
  const known = policy === 'Readers' || policy === 'Writers' ? policy : undefined;
  const names = Object.keys(acls);
  if (names.some((name) => name !== CALL) || (names.length > 0 && known === undefined)) {
    throw new Error(
      `Channel '${channel}': of the access rules, ${CALL} alone can be set, to Readers or Writers of /Channel/Application.`,
    );
  }
  return known;
}
