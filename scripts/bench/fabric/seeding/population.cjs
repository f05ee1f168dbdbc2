// SPDX-License-Identifier: Apache-2.0
'use strict';
/*
 * The benchmark's people: person n has an identifier, from it the pseudonym, and a consent on file.
 * Everything follows from n, so that the chaincode that writes the consents, the gateways and the load need
 * not tell each other anything.
 */
const { createHash, createHmac } = require('node:crypto');
const { canonicalBytes, createIdentifierTable, subjectPseudonym } = require('@chartwitness/chaincode/domain');

const IDENTIFIER_SYSTEM = 'http://hl7.org/fhir/sid/us-ssn';
/** The benchmark's people do not exist, so their pseudonyms' key is no secret. */
const CONSORTIUM_KEY = createHash('sha256').update('chartwitness benchmark').digest();
const AT = '2026-01-01T00:00:00.000Z';
/** Every tenth person denies the hospital that is measured. */
const DENY_EVERY = 10;
const HOSPITAL = 'NorthHospitalMSP';

/** @type {import('@chartwitness/chaincode/domain').HmacSha256} */
const hmac = (key, data) => createHmac('sha256', key).update(data).digest();

const table = createIdentifierTable([{ system: IDENTIFIER_SYSTEM, aliases: [], form: 'us-ssn' }], () => 2026);

/** A number of the published shape, as sources write it. @param {number} n */
function identifierOf(n) {
  const [group, serial] = [1 + (Math.floor(n / 9999) % 99), 1 + (n % 9999)];
  const area = 1 + Math.floor(n / (99 * 9999));
  return [
    String(area).padStart(3, '0'),
    String(group).padStart(2, '0'),
    String(serial).padStart(4, '0'),
  ].join('-');
}

/** @param {number} n @returns {string} */
function subjectOf(n) {
  const normal = table.normalise({ system: IDENTIFIER_SYSTEM, value: identifierOf(n) });
  if (normal === undefined) {
    throw new Error(`person ${n} has no identifier`);
  }
  const { system, value } = normal;
  return subjectPseudonym(hmac, CONSORTIUM_KEY, system, value);
}

/** @param {number} n */
const isDenied = (n) => n % DENY_EVERY === DENY_EVERY - 1;

/**
 * A consent of ordinary size: what most patients leave open, two restrictions that do not concern the
 * measured accesses, one that may. @param {number} n
 */
function policyOf(n) {
  const rules = [
    { id: 'not-the-clinic', effect: 'deny', org: 'SouthClinicMSP', labels: ['PSY', 'HIV'] },
    { id: 'no-research', effect: 'deny', purposes: ['HRESCH'] },
    { id: 'treatment', effect: 'permit', org: '@holder', purposes: ['TREAT'] },
  ];
  return {
    rules: isDenied(n) ? [{ id: 'not-this-hospital', effect: 'deny', org: HOSPITAL }, ...rules] : rules,
    default: 'deny',
  };
}

/**
 * Person n's consent as `Consent:Put` leaves it: the value stands under the subject and under the change.
 * @param {number} n
 */
function storedConsent(n) {
  const subject = subjectOf(n);
  const changeId = createHash('sha256')
    .update(`change of ${n}`)
    .digest()
    .subarray(0, 16)
    .toString('base64url');
  const document = { ...policyOf(n), subject, version: 1 };
  return { subject, changeId, bytes: canonicalBytes({ document, at: AT, changeId }) };
}

module.exports = { CONSORTIUM_KEY, IDENTIFIER_SYSTEM, identifierOf, isDenied, storedConsent, subjectOf };
