// SPDX-License-Identifier: Apache-2.0
import { mspIdForm, policyForm } from './consentForm';
import { type IdentifierSystem, RESERVED_SYSTEMS, spelling } from './identifierSystems';
import { IDENTIFIER_FORMS } from './nationalNumbers';
import {
  checked,
  type Form,
  isObject,
  line,
  list,
  matching,
  oneOf,
  parseAs,
  record,
  unknownField,
} from './form';
import {
  type ClientApplication,
  type NetworkSettings,
  NOBODYS_CLIENT,
  type Organisation,
  type OrganisationRole,
  type RegistryStatus,
} from './registry';

/** What the trustee states to admit or update an organisation; its status is the ledger's. */
export type OrganisationInput = Omit<Organisation, 'status'>;
/** What an organisation states to register or update its client; owner and status are the ledger's. */
export type ClientInput = Omit<ClientApplication, 'org' | 'status'>;

export const clientIdForm = matching(
  /^[\x21-\x7e]{1,256}$/,
  'a client id of 1–256 printable ASCII characters without spaces',
);
export const statusForm = oneOf<RegistryStatus>('active', 'suspended');

const uriForm = matching(
  /^[A-Za-z][A-Za-z0-9+.-]{0,31}:[\x21-\x7e]{1,223}$/,
  'an absolute URI of at most 256 characters',
);
const distinct = <T>(form: Form<readonly T[]>): Form<readonly T[]> =>
  checked(form, (values, at, problems) => {
    if (new Set(values).size < values.length) {
      problems.push(`${at}: expected no repeats`);
    }
  });

const organisationFields = {
  mspId: mspIdForm,
  role: oneOf<OrganisationRole>('holder', 'trustee'),
  name: line(1, 300),
  identifiers: distinct(list(uriForm, 0, 10)),
};

type Jwk = Readonly<Record<string, unknown>>;
const base64url = matching(/^[A-Za-z0-9_-]{1,1400}$/, 'at most 1,400 characters base64url');
const JWK_MEMBERS: Readonly<Record<string, Form<unknown>>> = {
  kty: oneOf('EC', 'RSA', 'OKP'),
  use: oneOf('sig'),
  key_ops: list(oneOf('verify'), 1, 1),
  alg: line(1, 64),
  kid: line(1, 256),
  crv: oneOf('P-256', 'P-384', 'P-521', 'Ed25519'),
  x: base64url,
  y: base64url,
  n: base64url,
  e: base64url,
  ext: (value, at, problems) => {
    if (typeof value !== 'boolean') {
      problems.push(`${at}: expected true or false`);
    }
    return value;
  },
  x5c: list(matching(/^[A-Za-z0-9+/]{1,8000}={0,2}$/, 'a certificate in base64'), 1, 5),
  x5t: base64url,
  'x5t#S256': base64url,
};
/** RFC 7518 §6: these belong to private or symmetric keys. */
const PRIVATE_MEMBERS = new Set(['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']);
const REQUIRED_MEMBERS: Readonly<Record<string, readonly string[]>> = {
  EC: ['crv', 'x', 'y'],
  RSA: ['n', 'e'],
  OKP: ['crv', 'x'],
};

const jwkForm: Form<Jwk> = (value, at, problems) => {
  if (!isObject(value)) {
    problems.push(`${at}: expected a JSON Web Key`);
    return {};
  }
  for (const [name, member] of Object.entries(value)) {
    checkMember(name, member, at, problems);
  }
  const required = ['kty', ...(REQUIRED_MEMBERS[String(value['kty'])] ?? [])];
  for (const name of required) {
    if (!Object.hasOwn(value, name)) {
      problems.push(`${at}.${name}: missing`);
    }
  }
  return value;
};

function checkMember(name: string, member: unknown, at: string, problems: string[]): void {
  const form = Object.hasOwn(JWK_MEMBERS, name) ? JWK_MEMBERS[name] : undefined;
  if (form !== undefined) {
    form(member, `${at}.${name}`, problems);
  } else if (PRIVATE_MEMBERS.has(name)) {
    problems.push(`${at}.${name}: private key material; register the public key only`);
  } else {
    problems.push(unknownField(at, name));
  }
}

const registrableIdForm = checked(clientIdForm, (clientId, at, problems) => {
  if (clientId === NOBODYS_CLIENT) {
    problems.push(`${at}: "${NOBODYS_CLIENT}" is reserved`);
  }
});

const clientFields = {
  clientId: registrableIdForm,
  name: line(1, 300),
  jwks: record<ClientApplication['jwks']>({ keys: list(jwkForm, 1, 10) }),
  scope: matching(
    /^(?=.{1,2000}$)[\x21-\x7e]+(?: [\x21-\x7e]+)*$/,
    'scopes separated by single spaces, at most 2,000 characters',
  ),
};

const organisationInputForm = record<OrganisationInput>(organisationFields);
const organisationForm = record<Organisation>({ ...organisationFields, status: statusForm });
const clientInputForm = record<ClientInput>(clientFields);
const clientForm = record<ClientApplication>({ ...clientFields, org: mspIdForm, status: statusForm });
/** `|` would let two patients share the text that their pseudonyms are made of. */
const systemUriForm = matching(
  /^[A-Za-z][A-Za-z0-9+.-]{0,31}:[\x21-\x7b\x7d\x7e]{1,223}$/,
  'an absolute URI of at most 256 characters without |',
);
const identifierSystemsForm = checked(
  list(
    record<IdentifierSystem>({
      system: systemUriForm,
      aliases: list(systemUriForm, 0, 20),
      form: oneOf(...IDENTIFIER_FORMS),
    }),
    1,
    20,
  ),
  (systems, at, problems) => {
    const uris = systems.flatMap(({ system, aliases }) => [system, ...aliases].map(spelling));
    if (new Set(uris).size < uris.length) {
      problems.push(`${at}: expected each URI once`);
    }
    if (uris.some((uri) => uri.startsWith(RESERVED_SYSTEMS))) {
      problems.push(`${at}: ${RESERVED_SYSTEMS} is reserved for patients without an identifier`);
    }
  },
);
const settingsForm = record<NetworkSettings>({
  trustee: mspIdForm,
  defaultPolicy: policyForm,
  identifierSystems: identifierSystemsForm,
});

/**
 * An organisation with its status; `INVALID_INPUT` lists every field that does not have its documented form.
 */
export function parseOrganisation(value: unknown): Organisation {
  return parseAs(organisationForm, value, 'organisation');
}

/** What `Registry:AdmitOrganisation` takes; errors as {@link parseOrganisation}. */
export function parseOrganisationInput(value: unknown): OrganisationInput {
  return parseAs(organisationInputForm, value, 'organisation');
}

/** A client application with owner and status; errors as {@link parseOrganisation}. */
export function parseClient(value: unknown): ClientApplication {
  return parseAs(clientForm, value, 'client');
}

/**
 * What `Registry:PutClient` takes; private key members are refused by name. Errors as {@link
 * parseOrganisation}.
 */
export function parseClientInput(value: unknown): ClientInput {
  return parseAs(clientInputForm, value, 'client');
}

/** A network's identifier systems, as in its settings; errors as {@link parseOrganisation}. */
export function parseIdentifierSystems(value: unknown): readonly IdentifierSystem[] {
  return parseAs(identifierSystemsForm, value, 'identifierSystems');
}

/** The network's settings; errors as {@link parseOrganisation}. */
export function parseSettings(value: unknown): NetworkSettings {
  return parseAs(settingsForm, value, 'settings');
}

/** `active` or `suspended`; errors as {@link parseOrganisation}. */
export function parseStatus(value: unknown): RegistryStatus {
  return parseAs(statusForm, value, 'status');
}
