// SPDX-License-Identifier: Apache-2.0
import { hasRole, hasSigned, type Identity, type Membership } from '../identity/membership';

/** Channel policies that the services ask for. */
export type ChannelPolicy = 'Readers' | 'Writers';

const ADMITTED: Record<ChannelPolicy, readonly string[]> = {
  Readers: ['client', 'peer', 'admin'],
  Writers: ['client', 'admin'],
};

/**
 * Why an identity does not satisfy a channel policy, in the words of a peer whose channel lists no ACLs;
 * undefined when it does.
 */
export function refusalOf(
  identity: Pick<Identity, 'role'>,
  policy: ChannelPolicy,
  channel: string,
): string | undefined {
  if (identity.role !== undefined && ADMITTED[policy].includes(identity.role)) {
    return undefined;
  }
  return unsatisfied(policy, channel);
}

function unsatisfied(policy: ChannelPolicy, channel: string): string {
  return `Failed evaluating policy on signed data during check policy on channel [${channel}] with policy [/Channel/Application/${policy}]: [implicit policy evaluation failed - 0 sub-policies were satisfied, but this policy requires 1 of the '${policy}' sub-policies to be satisfied]`;
}

/** Whether signed data come from somebody whom the policy admits, expired or not; the reason when not. */
export function checkSignedData(
  membership: Membership,
  signed: { data: Uint8Array; identity: Uint8Array; signature: Uint8Array },
  policy: ChannelPolicy,
  channel: string,
): string | undefined {
  const identity = membership.identify(signed.identity);
  if (!identity || !hasRole(identity) || !hasSigned(identity, signed.data, signed.signature)) {
    return unsatisfied(policy, channel);
  }
  return refusalOf(identity, policy, channel);
}
