// SPDX-License-Identifier: Apache-2.0
import { MAX_BATCH_EVENTS } from './accessForm';
import { subjectForm, versionForm } from './consentForm';
import { line, matching, oneOf, parseAs, record, satisfying, whole } from './form';
import { MAX_SEQ, parseLane } from './lane';
import type { AccessRecorded, ConsentChanged, RegistryChanged } from './ledgerEvents';

/** `<MSP id>/<gateway name>`. */
export const laneForm = satisfying((text) => {
  try {
    parseLane(text);
    return true;
  } catch {
    // The form reports the place as well, which the lane's own parser does not know.
    return false;
  }
}, 'a lane <MSP id>/<gateway name>');

const accessRecordedForm = record<AccessRecorded>({
  lane: laneForm,
  seq: whole(0, MAX_SEQ),
  count: whole(1, MAX_BATCH_EVENTS),
  batchRoot: matching(/^[A-Za-z0-9_-]{43}$/, 'a SHA-256 digest (43 characters base64url)'),
});
const consentChangedForm = record<ConsentChanged>({ subject: subjectForm, version: versionForm });
const registryChangedForm = record<RegistryChanged>({
  kind: oneOf('settings', 'organisation', 'client'),
  id: line(1, 256),
});

/** Payload of the event `AccessRecorded`; `CORRUPT` when it does not have its form. */
export function parseAccessRecorded(value: unknown): AccessRecorded {
  return parseAs(accessRecordedForm, value, 'AccessRecorded', 'CORRUPT');
}

/** Payload of the event `ConsentChanged`; `CORRUPT` when it does not have its form. */
export function parseConsentChanged(value: unknown): ConsentChanged {
  return parseAs(consentChangedForm, value, 'ConsentChanged', 'CORRUPT');
}

/** Payload of the event `RegistryChanged`; `CORRUPT` when it does not have its form. */
export function parseRegistryChanged(value: unknown): RegistryChanged {
  return parseAs(registryChangedForm, value, 'RegistryChanged', 'CORRUPT');
}
