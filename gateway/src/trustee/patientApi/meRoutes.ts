// SPDX-License-Identifier: Apache-2.0
import { parseLane } from '@chartwitness/chaincode/domain';
import { Router } from 'express';
import type { LedgerKeeping, ListPosition, Me } from '../../api/schemas';
import { splitScopes } from '../../auth/smartScope';
import type { NetworkDirectory } from '../../registry/networkDirectory';
import type { ProjectionStatus } from '../../projection/projectionStatus';
import type { FailedSignIns } from '../accounts/signInThrottle';
import type { PortalSessions } from '../session/portalSession';
import { type Caller, callerOf } from './caller';

export interface MeRoutesDeps {
  readonly sessions: PortalSessions;
  readonly registry: NetworkDirectory;
  readonly projectionStatus: () => ProjectionStatus;
  readonly ledgerKeeping: LedgerKeeping;
  /**
   * What was tried at a username of this service; `undefined` for nothing, or where others keep the
   * passwords.
   */
  readonly failedSignIns: (username: string) => FailedSignIns | undefined;
}

/**
 * `GET /me`: who calls, the CSRF token of the session, the organisations' names, how fresh the list is, and
 * who keeps its ledger.
 */
export function meRoutes(deps: MeRoutesDeps): Router {
  const router = Router();
  router.get('/me', async (request, response) => {
    await deps.registry.freshen();
    const answer: Me = {
      ...identityOf(callerOf(request), deps),
      organisations: deps.registry.organisations().map(({ mspId, name, role }) => ({ mspId, name, role })),
      list: listPosition(deps.projectionStatus()),
      ledger: deps.ledgerKeeping,
    };
    response.json(answer);
  });
  return router;
}

type Identity = Pick<
  Me,
  'subject' | 'name' | 'username' | 'csrfToken' | 'sessionExpiresAt' | 'failedSignIns'
>;

function identityOf(caller: Caller, { sessions, failedSignIns }: MeRoutesDeps): Identity {
  const { subject, name, username } = caller.patient;
  if (caller.kind === 'session') {
    const sessionExpiresAt = new Date(sessions.expiresAt(caller.session)).toISOString();
    const failed = username === null ? undefined : failedSignIns(username);
    return {
      subject,
      name,
      username,
      csrfToken: caller.session.csrfToken,
      sessionExpiresAt,
      failedSignIns:
        failed === undefined ? null : { count: failed.count, since: new Date(failed.since).toISOString() },
    };
  }
  // An app learns names only with the scope that the patient was asked for.
  const mayKnow = splitScopes(caller.scope).includes('profile');
  return {
    subject,
    name: mayKnow ? name : '',
    username: mayKnow ? username : null,
    csrfToken: null,
    sessionExpiresAt: null,
    failedSignIns: null,
  };
}

function listPosition(status: ProjectionStatus): ListPosition {
  const missing = missingOf(status.openPlaces);
  return {
    block: status.block ?? null,
    height: status.height ?? null,
    state: status.state,
    checkedAt: status.checkedAt === undefined ? null : new Date(status.checkedAt).toISOString(),
    ...(missing.length === 0 ? {} : { missing }),
  };
}

/** By holder, since the earliest of its lanes: a patient knows hospitals, not lanes. */
function missingOf(places: ProjectionStatus['openPlaces']): NonNullable<ListPosition['missing']> {
  const since = new Map<string, number>();
  for (const place of places) {
    const holder = parseLane(place.lane).mspId;
    since.set(holder, Math.min(place.since, since.get(holder) ?? place.since));
  }
  return [...since].sort().map(([holder, at]) => ({ holder, since: new Date(at).toISOString() }));
}
