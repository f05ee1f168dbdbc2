// SPDX-License-Identifier: Apache-2.0
import { isEmergencyPurpose } from '@chartwitness/chaincode/domain';
import type { Request, RequestHandler } from 'express';
import type { Admission } from '../http/admission';
import { keepConnection } from '../http/connectionEnd';
import { slowLane } from '../http/slowLane';
import type { Authenticator, Principal } from './principal';

/** Who was admitted, until its request is forgotten. */
const admitted = new WeakMap<Request, Principal>();

/**
 * Who asks, as {@link fhirAdmission} has found for this very request; else authenticated now. A body may have
 * been on its way for minutes, so that a request with one is authenticated once more when it is there.
 * @throws AppError, LedgerError as {@link Authenticator.authenticate} does.
 */
export function admittedPrincipal(
  request: Request,
  authenticator: Authenticator,
): Principal | Promise<Principal> {
  const known = request.method === 'POST' ? undefined : admitted.get(request);
  return known ?? authenticator.authenticate(request.get('authorization'));
}

/**
 * Who may ask the FHIR interface how often: authenticates before anything else is done for a request, and
 * remembers who it is for the route.
 */
export function fhirAdmission(admission: Admission, authenticator: Authenticator): RequestHandler {
  return async (request, response, next) => {
    const authorization = request.get('authorization');
    if (authorization === undefined) {
      // A document that is open to all, or a refusal that the route words.
      admission.open(request, response, next);
      return;
    }
    const principal = await admission.authenticate(
      request,
      () => authenticator.authenticate(authorization),
      callerKey,
    );
    admitted.set(request, principal);
    keepConnection(response);
    next();
  };
}

/**
 * An emergency is counted for itself: a client's own flood of ordinary requests does not stop its
 * break-glass.
 */
function callerKey({ requester, purpose }: Principal): string {
  return tokenKey(requester.clientId, purpose);
}

/** The same for a token request. */
export function tokenKey(clientId: string, purpose: string): string {
  return `${isEmergencyPurpose(purpose) ? 'emergency' : 'ordinary'} ${clientId}`;
}

/** Token requests of sources that failed too often: so many are judged at once, and so many wait. */
const SLOW = { width: 2, waiting: 200 } as const;
/**
 * Refused, or not to be judged now: while the ledger is away a stranger's request costs a call and ends so.
 */
const UNPROVED = new Set([400, 401, 503]);

/**
 * Before the token endpoint, where every request brings its own proof. A refusal counts for the source. The
 * slow lane judges a source that has used up its share: so a flood from an address costs little, and a
 * genuine client behind the same address gets through.
 */
export function tokenAdmission(admission: Admission): RequestHandler {
  const slow = slowLane(SLOW);
  return (request, response, next) => {
    if (admission.isUsedUp(request)) {
      slow(request, response, next);
      return;
    }
    response.once('finish', () => {
      if (UNPROVED.has(response.statusCode) && !admission.isUsedUp(request)) {
        admission.countAnonymous(request);
      }
    });
    next();
  };
}
