// SPDX-License-Identifier: Apache-2.0
import type { Membership } from '../identity/membership';
import type { Peer } from '../peer';
import type { Collections } from '../policy/collections';
import type { SignaturePolicy } from '../policy/signaturePolicy';
import type { StateReader } from '../store/stateReader';
import type { ChannelAccess } from './accessControl';
import type { BlockFeed } from './blockFeed';

/** What the services know of one channel. */
export interface ChannelView {
  channelId: string;
  chaincodeName: string;
  membership: Membership;
  access: ChannelAccess;
  peers: readonly Peer[];
  reader: StateReader;
  feed: BlockFeed;
  chaincodePolicy(): SignaturePolicy;
  collections(): Collections;
  keepPrivateData(transactionId: string, privateResults: Uint8Array): void;
}

/** A channel that an organisation's peer has joined. */
export interface JoinedChannel {
  view: ChannelView;
  /** The organisation's peer there. */
  local: Peer;
}

/** What the services of one organisation's peer know. */
export interface PeerNode {
  mspId: string;
  /** By channel id. */
  channels: ReadonlyMap<string, JoinedChannel>;
  /**
   * Gives an envelope to the orderer, which serves every channel, whether this peer has joined it or not; the
   * orderer's reason when it refuses, with its status.
   */
  order(envelope: Uint8Array): { status: string; info: string } | undefined;
  clock: () => number;
  log(line: string): void;
}
