// SPDX-License-Identifier: Apache-2.0
import {
  isPersonId,
  isPersonName,
  isRoleCode,
  normalisePersonName,
  type RequesterPerson,
} from '@chartwitness/chaincode/domain';
import type { JsonObject } from './strictJson';

/** Name of the UDAP extension object (HL7 FAST Security, B2B Authorization Extension Object). */
export const B2B = 'hl7-b2b';

/** Who asks and why, from a client assertion or an access token. */
export interface B2bExtension {
  /** URI of the asking organisation. */
  readonly organizationId: string;
  readonly person: RequesterPerson | null;
  /** Bare HL7 v3 ActReason code. */
  readonly purpose: string;
}

/**
 * An `hl7-b2b` object that does not have its documented form; the message may be shown to the client that
 * sent it.
 */
export class B2bRefused extends Error {
  override readonly name = 'B2bRefused';
}

/** Never in any text of the object. */
const UNPRINTABLE = /[\p{Cc}\p{Surrogate}]/u;
/** ActReason by OID or URL, followed by `#` or `|` and the code; or the bare code. */
const PURPOSE =
  /^(?:(?:urn:oid:2\.16\.840\.1\.113883\.5\.8|http:\/\/terminology\.hl7\.org\/CodeSystem\/v3-ActReason)[#|])?([A-Z][A-Z0-9]{1,31})$/;

/**
 * Reads `extensions["hl7-b2b"]` of verified claims. One token is for one purpose: several are refused,
 * because an emergency must not travel as a companion of an ordinary purpose.
 * @throws {@link B2bRefused}
 */
export function parseB2b(claims: JsonObject): B2bExtension {
  const extensions = claims['extensions'];
  const b2b = isObject(extensions) ? extensions[B2B] : undefined;
  if (!isObject(b2b)) {
    throw new B2bRefused('extensions["hl7-b2b"] is required');
  }
  if (b2b['version'] !== '1') {
    throw new B2bRefused('hl7-b2b version must be "1"');
  }
  return {
    organizationId: required(b2b, 'organization_id', 512),
    person: parsePerson(b2b),
    purpose: parsePurpose(b2b['purpose_of_use']),
  };
}

/** The same object in the form that access tokens carry. */
export function formatB2b(b2b: B2bExtension): JsonObject {
  return {
    version: '1',
    organization_id: b2b.organizationId,
    purpose_of_use: [`urn:oid:2.16.840.1.113883.5.8#${b2b.purpose}`],
    ...(b2b.person === null
      ? {}
      : {
          subject_id: b2b.person.id,
          subject_name: b2b.person.name,
          ...(b2b.person.role === '' ? {} : { subject_role: b2b.person.role }),
        }),
  };
}

function parsePurpose(value: unknown): string {
  const [purpose, ...others] = Array.isArray(value) ? (value as unknown[]) : [];
  const code = typeof purpose === 'string' ? PURPOSE.exec(purpose)?.[1] : undefined;
  if (code === undefined || others.length > 0) {
    throw new B2bRefused(
      'purpose_of_use must be a list of exactly one ActReason code, for instance ["urn:oid:2.16.840.1.113883.5.8#TREAT"]',
    );
  }
  return code;
}

function parsePerson(b2b: JsonObject): RequesterPerson | null {
  const names = ['subject_id', 'subject_name', 'subject_role'] as const;
  if (names.every((name) => b2b[name] === undefined)) {
    return null;
  }
  const person = {
    id: required(b2b, 'subject_id', 256),
    name: normalisePersonName(required(b2b, 'subject_name', 300)),
    role: b2b['subject_role'] === undefined ? '' : required(b2b, 'subject_role', 128),
  };
  if (!isPersonId(person.id)) {
    throw new B2bRefused('hl7-b2b subject_id must be visible characters, among them a letter or a number');
  }
  if (!isPersonName(person.name)) {
    throw new B2bRefused('hl7-b2b subject_name must be visible characters, among them a letter');
  }
  if (person.role !== '' && !isRoleCode(person.role)) {
    throw new B2bRefused('hl7-b2b subject_role must be visible characters');
  }
  return person;
}

function required(b2b: JsonObject, name: string, maxLength: number): string {
  const value = b2b[name];
  if (
    typeof value !== 'string' ||
    value.trim() === '' ||
    value.length > maxLength ||
    UNPRINTABLE.test(value)
  ) {
    throw new B2bRefused(`hl7-b2b ${name} must be a string of 1–${String(maxLength)} printable characters`);
  }
  return value;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
