// SPDX-License-Identifier: Apache-2.0
import express, {
  Router,
  type ErrorRequestHandler,
  type Request,
  type RequestHandler,
  type Response,
} from 'express';
import { admittedPrincipal } from '../auth/fhirAdmission';
import type { Authenticator } from '../auth/principal';
import { AppError, type AppErrorCode } from '../errors';
import { operationOutcome, writeSearchset } from '../fhir/answers';
import type { ResourceWriter } from '../fhir/release';
import { isFhirId, isFhirType, type FhirResource } from '../fhir/resource';
import { parseSearch, type SearchRequest } from '../fhir/searchRequest';
import { logAppError, setErrorHeaders } from '../http/problem';
import { toAppError } from '../http/toAppError';
import type { Access, Released, ReleasedPage } from './access';
import type { AccessContext } from './accessContext';
import { BREAK_GLASS_HEADER, readEmergency } from './breakGlass';
import { PARAMETERS_TYPES, parseEverything } from './everythingRequest';
import {
  assertJson,
  assertMethod,
  formOf,
  handlingOf,
  ignoreConditions,
  MAX_FORM_BYTES,
  queryOf,
} from './fhirRequest';
import { sendFhir, type SendLimits, sendWithin } from './sendFhir';
import type { Tickets } from './tickets';
import { assertSupported } from './unsupported';

/**
 * Whether a requester may learn that a consent withheld something. `hidden`: withheld data look absent
 * (Regulation (EU) 2025/327 Art. 8). `announced`: searches say so in an OperationOutcome, reads answer 403.
 */
export type Disclosure = 'hidden' | 'announced';

export interface FhirRouterOptions {
  /** Run first; their refusals are answered as OperationOutcome too. */
  readonly limiters: readonly RequestHandler[];
  readonly access: Access;
  readonly authenticator: Authenticator;
  readonly tickets: Tickets;
  readonly fhirBaseUrl: string;
  readonly write: ResourceWriter;
  /** How slowly a caller may take in an answer before it is cut off. */
  readonly sendLimits: SendLimits;
  readonly disclosure: Disclosure;
  readonly capabilityStatement: FhirResource;
  readonly smartConfiguration: Readonly<Record<string, unknown>>;
  /** URL of the RFC 9728 metadata, named in every 401. */
  readonly resourceMetadataUrl: string;
}

/**
 * Says that data were released before their record reached the ledger (break-glass while the ledger is away).
 */
export const LATE_HEADER = 'Access-Record';

type SecuredHandler = (request: Request, response: Response, context: AccessContext) => Promise<void>;

/**
 * FHIR R4 under `/fhir`. Every clinical answer comes from {@link Access}; this file only reads requests and
 * writes answers.
 */
export function createFhirRouter(options: FhirRouterOptions): Router {
  const router = Router();
  const secured = (handler: SecuredHandler): RequestHandler => {
    return async (request, response) => {
      const principal = await admittedPrincipal(request, options.authenticator);
      const emergency = readEmergency(principal, request.get(BREAK_GLASS_HEADER));
      const ticket = options.tickets.open(principal, emergency);
      try {
        await handler(request, response, ticket);
        ticket.succeeded();
      } finally {
        ticket.close(response);
      }
    };
  };
  const answers = new Answers(options);
  router.use(...options.limiters, (request, response, next) => {
    assertMethod(request, response);
    ignoreConditions(request);
    next();
  });
  // JSON whatever is asked for (SMART App Launch 2.2 §conformance).
  router.get('/.well-known/smart-configuration', (_request, response) => {
    response.json(options.smartConfiguration);
  });
  router.post(
    '/:type/_search',
    express.text({ type: 'application/x-www-form-urlencoded', limit: MAX_FORM_BYTES }),
    (request, _response, next) => {
      assertJson(request, formOf(request));
      next();
    },
    secured((request, response, context) => answers.search(request, response, context, formOf(request))),
  );
  router.use((request, _response, next) => {
    assertJson(request, queryOf(request));
    assertSupported(request);
    next();
  });
  router.get('/metadata', (_request, response) => {
    sendFhir(response, 200, JSON.stringify(options.capabilityStatement));
  });
  router.post(
    '/Patient/:id/$everything',
    express.text({ type: PARAMETERS_TYPES, limit: MAX_FORM_BYTES }),
    secured((request, response, context) => answers.everything(request, response, context)),
  );
  router.get(
    '/Patient/:id/$everything',
    secured((request, response, context) => answers.everything(request, response, context)),
  );
  router.get(
    '/:type/:id',
    secured((request, response, context) => answers.read(request, response, context)),
  );
  router.get(
    '/:type',
    secured((request, response, context) => answers.search(request, response, context, queryOf(request))),
  );
  router.use(() => {
    throw new AppError('NOT_FOUND', 'no such FHIR interaction');
  });
  router.use(outcomeHandler(options.resourceMetadataUrl));
  return router;
}

type Asked = Pick<SearchRequest, 'page'> & Partial<Pick<SearchRequest, 'selfOnly' | 'countOnly'>>;

class Answers {
  readonly #options: FhirRouterOptions;

  constructor(options: FhirRouterOptions) {
    this.#options = options;
  }

  async read(request: Request, response: Response, context: AccessContext): Promise<void> {
    const type = typeOf(request);
    const released = await this.#options.access.read(type, idOf(request), context);
    const [candidate] = released.permitted;
    if (candidate === undefined) {
      throw this.#withheld();
    }
    this.#send(response, released, this.#options.write(candidate));
  }

  async search(
    request: Request,
    response: Response,
    context: AccessContext,
    parameters: URLSearchParams,
  ): Promise<void> {
    const type = typeOf(request);
    const search = parseSearch(type, parameters, this.#options.fhirBaseUrl, handlingOf(request));
    const released = await this.#options.access.search(search, context);
    this.#send(response, released, this.#bundle(released, type, search));
  }

  async everything(request: Request, response: Response, context: AccessContext): Promise<void> {
    const id = idOf(request);
    const everything = parseEverything(request);
    const released = await this.#options.access.everything(id, everything, context);
    if (released.permitted.length === 0 && !released.omits && everything.page.cursor === undefined) {
      throw this.#withheld();
    }
    this.#send(response, released, this.#bundle(released, `Patient/${id}/$everything`, everything));
  }

  #bundle(released: ReleasedPage, path: string, asked: Asked): string {
    const { page, selfOnly, countOnly = false } = asked;
    const { self, next, total, omits } = released;
    const { fhirBaseUrl, disclosure, write } = this.#options;
    const announceWithheld = released.isPartial && disclosure === 'announced';
    return writeSearchset(released.permitted, {
      fhirBaseUrl,
      path,
      self,
      selfOnly,
      cursor: page.cursor,
      next,
      total,
      countOnly,
      announceWithheld,
      announceOmitted: omits,
      write,
    });
  }

  /**
   * What a fully withheld answer is: the same error as for what does not exist, unless the deployment says
   * otherwise.
   */
  #withheld(): AppError {
    return this.#options.disclosure === 'hidden'
      ? new AppError('NOT_FOUND', 'nothing to release')
      : new AppError('FORBIDDEN', 'withheld', {
          expose: 'The patient’s consent does not allow this access.',
        });
  }

  #send(response: Response, released: Released, body: string): void {
    if (released.isLate) {
      response.setHeader(LATE_HEADER, 'late');
    }
    sendWithin(response, body, this.#options.sendLimits);
  }
}

function typeOf(request: Request): string {
  const { type } = request.params;
  if (!isFhirType(type)) {
    throw new AppError('NOT_FOUND', 'not a FHIR type');
  }
  return type;
}

function idOf(request: Request): string {
  const { id } = request.params;
  if (!isFhirId(id)) {
    throw new AppError('NOT_FOUND', 'not a FHIR id');
  }
  return id;
}

function outcomeHandler(resourceMetadataUrl: string): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const appError = toAppError(error);
    logAppError(request, appError);
    if (response.headersSent) {
      next(error);
      return;
    }
    setErrorHeaders(response, appError);
    const challenge = challengeOf(appError, resourceMetadataUrl);
    if (challenge !== undefined) {
      response.setHeader('WWW-Authenticate', challenge);
    }
    sendFhir(response, appError.kind.status, JSON.stringify(operationOutcome(appError)));
  };
}

const CHALLENGES: Readonly<Partial<Record<AppErrorCode, string>>> = {
  // RFC 6750 §3: no error code when nothing was sent.
  UNAUTHENTICATED: '',
  INVALID_TOKEN: 'error="invalid_token", ',
  INSUFFICIENT_SCOPE: 'error="insufficient_scope", ',
};

function challengeOf(error: AppError, resourceMetadataUrl: string): string | undefined {
  const challenge = CHALLENGES[error.code];
  return challenge === undefined
    ? undefined
    : `Bearer ${challenge}resource_metadata="${resourceMetadataUrl}"`;
}
