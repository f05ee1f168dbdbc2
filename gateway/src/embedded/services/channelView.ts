// SPDX-License-Identifier: Apache-2.0
import type { Membership } from '../identity/membership';
import type { Peer } from '../peer';
import type { Collections } from '../policy/collections';
import type { SignaturePolicy } from '../policy/signaturePolicy';
import type { StateReader } from '../store/stateReader';
import type { BlockFeed } from './blockFeed';

/** What the services know of the channel. */
export interface ChannelView {
  channelId: string;
  chaincodeName: string;
  membership: Membership;
  peers: readonly Peer[];
  reader: StateReader;
  feed: BlockFeed;
  chaincodePolicy(): SignaturePolicy;
  collections(): Collections;
  keepPrivateData(transactionId: string, privateResults: Uint8Array): void;
  /** Gives an envelope to the orderer; the orderer's reason when it refuses, with its status. */
  order(envelope: Uint8Array): { status: string; info: string } | undefined;
  clock(): number;
  log(line: string): void;
}
