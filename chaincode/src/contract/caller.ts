// SPDX-License-Identifier: Apache-2.0
import {
  DomainError,
  type NetworkSettings,
  type Organisation,
  type OrganisationRole,
  ROLE_ATTRIBUTE,
} from '../domain';
import type { ProvenanceContext } from './context';

/** Who calls is what the certificate says, never an argument. */
export function callerMspId(ctx: ProvenanceContext): string {
  return ctx.clientIdentity.getMSPID();
}

/**
 * The caller acts for the trustee that the settings name.
 * @throws DomainError `NOT_INITIALISED`, `NOT_ALLOWED`.
 */
export async function requireTrustee(ctx: ProvenanceContext): Promise<NetworkSettings> {
  const settings = await ctx.stores.registry.getSettings();
  requireTrusteeIdentity(ctx, settings.trustee);
  return settings;
}

/** The caller acts for the trustee `mspId`. @throws DomainError `NOT_ALLOWED`. */
export function requireTrusteeIdentity(ctx: ProvenanceContext, mspId: string): void {
  if (callerMspId(ctx) !== mspId) {
    throw new DomainError('NOT_ALLOWED', 'only the trustee may do this');
  }
  requireAttribute(ctx, 'trustee');
}

/**
 * The caller acts for a registered organisation that is not suspended.
 * @throws DomainError `NOT_INITIALISED`, `NOT_ALLOWED`, `SUSPENDED`.
 */
export async function requireMember(
  ctx: ProvenanceContext,
): Promise<{ settings: NetworkSettings; organisation: Organisation }> {
  const settings = await ctx.stores.registry.getSettings();
  const organisation = await ctx.stores.registry.findOrganisation(callerMspId(ctx));
  if (organisation === undefined) {
    throw new DomainError('NOT_ALLOWED', 'the caller’s organisation is not registered');
  }
  requireAttribute(ctx, organisation.role);
  if (organisation.status !== 'active') {
    throw new DomainError('SUSPENDED', 'the caller’s organisation is suspended');
  }
  return { settings, organisation };
}

function requireAttribute(ctx: ProvenanceContext, role: OrganisationRole): void {
  if (ctx.clientIdentity.getAttributeValue(ROLE_ATTRIBUTE) !== role) {
    throw new DomainError(
      'NOT_ALLOWED',
      `the caller’s certificate lacks the attribute ${ROLE_ATTRIBUTE}=${role}`,
    );
  }
}
