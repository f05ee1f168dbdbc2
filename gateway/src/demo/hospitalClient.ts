// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { importJWK, type JWK, SignJWT } from 'jose';

/** What a hospital's system needs to call a gateway; the form of `hospitals[]` in `demo.json`. */
export interface HospitalAccess {
  readonly fhirBaseUrl: string;
  readonly tokenEndpoint: string;
}

export interface ClientCredentials {
  readonly clientId: string;
  readonly privateJwk: JWK;
  /** UDAP `organization_id` of the organisation that runs the client. */
  readonly organisationId: string;
}

export interface Practitioner {
  readonly id: string;
  readonly name: string;
  readonly role: string;
}

/** On whose behalf and for what a token is asked. */
export interface Errand {
  readonly practitioner?: Practitioner;
  /** HL7 v3 ActReason code. */
  readonly purpose: string;
  /** Break-glass reason; sent as `Break-Glass-Reason`. */
  readonly reason?: string;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** The token endpoint gave no token. */
export class TokenRefused extends Error {
  override readonly name = 'TokenRefused';
  readonly status: number;
  readonly retryAfter: string | null;

  constructor(status: number, retryAfter: string | null, body: unknown) {
    super(`the token endpoint answered ${String(status)}: ${JSON.stringify(body)}`);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

const ASSERTION_SECONDS = 60;
const TOKEN_MARGIN_MS = 30_000;
const ACT_REASON_OID = 'urn:oid:2.16.840.1.113883.5.8';

/**
 * A hospital's client application: SMART Backend Services with the UDAP `hl7-b2b` object, and FHIR reads with
 * the token.
 */
export class HospitalClient {
  readonly #access: HospitalAccess;
  readonly #credentials: ClientCredentials;
  readonly #tokens = new Map<string, { token: string; usableUntil: number }>();

  constructor(access: HospitalAccess, credentials: ClientCredentials) {
    this.#access = access;
    this.#credentials = credentials;
  }

  /**
   * A token for the errand; one is kept and reused until shortly before it expires.
   * @throws {@link TokenRefused}
   */
  async token(errand: Errand): Promise<string> {
    const key = `${errand.practitioner?.id ?? ''} ${errand.purpose}`;
    const kept = this.#tokens.get(key);
    if (kept !== undefined && kept.usableUntil > Date.now()) {
      return kept.token;
    }
    const response = await fetch(this.#access.tokenEndpoint, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        scope: 'system/*.rs',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: await this.#assertion(errand),
      }),
    });
    const body = (await response.json()) as { access_token?: unknown; expires_in?: unknown };
    if (!response.ok || typeof body.access_token !== 'string' || typeof body.expires_in !== 'number') {
      throw new TokenRefused(response.status, response.headers.get('retry-after'), body);
    }
    const usableUntil = Date.now() + body.expires_in * 1000 - TOKEN_MARGIN_MS;
    this.#tokens.set(key, { token: body.access_token, usableUntil });
    return body.access_token;
  }

  /** `GET [base]/path` for an errand. The status is the caller's to judge. */
  async get(path: string, errand: Errand): Promise<Answer> {
    const response = await fetch(`${this.#access.fhirBaseUrl}/${path}`, {
      headers: {
        authorization: `Bearer ${await this.token(errand)}`,
        accept: 'application/fhir+json',
        ...(errand.reason === undefined ? {} : { 'break-glass-reason': encodeURIComponent(errand.reason) }),
      },
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
  }

  async #assertion(errand: Errand): Promise<string> {
    const { clientId, privateJwk, organisationId } = this.#credentials;
    const person = errand.practitioner;
    return new SignJWT({
      extensions: {
        'hl7-b2b': {
          version: '1',
          organization_id: organisationId,
          purpose_of_use: [`${ACT_REASON_OID}#${errand.purpose}`],
          ...(person === undefined
            ? {}
            : { subject_id: person.id, subject_name: person.name, subject_role: person.role }),
        },
      },
    })
      .setProtectedHeader({
        alg: 'ES384',
        typ: 'JWT',
        ...(privateJwk.kid === undefined ? {} : { kid: privateJwk.kid }),
      })
      .setIssuer(clientId)
      .setSubject(clientId)
      .setAudience(this.#access.tokenEndpoint)
      .setJti(randomUUID())
      .setIssuedAt()
      .setExpirationTime(`${String(ASSERTION_SECONDS)}s`)
      .sign(await importJWK(privateJwk, 'ES384'));
  }
}

interface Bundle {
  readonly resourceType?: string;
  readonly total?: number;
  readonly entry?: readonly { readonly resource?: { readonly resourceType?: string } }[];
}

/** What a search set holds; nothing for any other answer. */
export function entriesOf(answer: Answer): NonNullable<Bundle['entry']> {
  return (answer.body as Bundle).entry ?? [];
}

/** An empty search set or a plain 404: what a patient without such data would give. */
export function looksAbsent(answer: Answer): boolean {
  const bundle = answer.body as Bundle;
  return (
    answer.status === 404 ||
    (answer.status === 200 &&
      bundle.resourceType === 'Bundle' &&
      entriesOf(answer).length === 0 &&
      (bundle.total ?? 0) === 0)
  );
}
