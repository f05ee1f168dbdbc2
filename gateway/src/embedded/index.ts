// SPDX-License-Identifier: Apache-2.0
export type {
  BlockOptions,
  ChannelRules,
  ChaincodeOptions,
  EmbeddedLedger,
  EmbeddedLedgerOptions,
  EmbeddedOrganisation,
  FurtherChannelOptions,
  OrganisationOptions,
  UserCredentials,
  UserOptions,
} from './options';
export { CollectionConfigError, type CollectionConfig } from './policy/collections';
export { PolicySyntaxError } from './policy/signaturePolicy';
export { startEmbeddedLedger } from './startEmbeddedLedger';
