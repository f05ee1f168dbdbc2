// SPDX-License-Identifier: Apache-2.0

/** Names of the chaincode events; each carries its payload as JSON. */
export const LEDGER_EVENTS = {
  accessRecorded: 'AccessRecorded',
  consentChanged: 'ConsentChanged',
  registryChanged: 'RegistryChanged',
} as const;

export interface AccessRecorded {
  readonly lane: string;
  readonly seq: number;
  readonly count: number;
  readonly batchRoot: string;
}

export interface ConsentChanged {
  readonly subject: string;
  readonly version: number;
}

export interface RegistryChanged {
  readonly kind: 'settings' | 'organisation' | 'client';
  /** The trustee's MSP id, the organisation's MSP id, or the client id. */
  readonly id: string;
}
