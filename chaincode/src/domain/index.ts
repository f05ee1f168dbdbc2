// SPDX-License-Identifier: Apache-2.0
export * from './accessEvent';
export {
  MAX_BATCH_BYTES,
  MAX_BATCH_EVENTS,
  MAX_ITEM_IDS,
  MAX_ITEMS,
  MAX_PARTS,
  parseAccessEvent,
  parseAccessRequest,
  parseBatchInput,
  parseBatchRecord,
  parsePrivateBatch,
} from './accessForm';
export * from './accessRequest';
export * from './base64url';
export * from './batch';
export {
  blockEffect,
  type BlockEffect,
  type Passing,
  placeHoldingDenial,
  type RuleCriteria,
  whoPasses,
} from './blocks';
export * from './canonical';
export * from './completeEvent';
export * from './consent';
export { MAX_POLICY_BYTES, parseConsentDocument, parsePolicy } from './consentForm';
export { decide, type DecisionRequest, outcomeOf } from './decide';
export * from './definitionTerms';
export * from './errors';
export { type Lane, formatLane, MAX_IN_FLIGHT, MAX_SEQ, parseLane, parseSeq } from './lane';
export * from './identifierSystems';
export * from './labels';
export { CONFIDENTIALITY_LABELS, coveredByDenial, labelGroups, SENSITIVITY_LABELS } from './labelTable';
export * from './leaf';
export * from './ledgerEventForm';
export * from './ledgerEvents';
export * from './merkle';
export * from './nationalNumbers';
export { periodEndMs, periodStartMs } from './period';
export * from './permitted';
export * from './personText';
export * from './purposes';
export * from './registry';
export {
  type ClientInput,
  type OrganisationInput,
  parseClient,
  parseClientInput,
  parseIdentifierSystems,
  parseOrganisation,
  parseOrganisationInput,
  parseSettings,
  parseStatus,
} from './registryForm';
export { type HmacSha256, subjectPseudonym } from './subject';
