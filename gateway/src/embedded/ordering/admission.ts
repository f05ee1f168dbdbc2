// SPDX-License-Identifier: Apache-2.0
import { common } from '@hyperledger/fabric-protos';
import type { PrivateDataPool } from '../commit/privateDataPool';
import { hasRole, hasSigned, type Membership } from '../identity/membership';
import { openEndorserTransaction, type EnvelopeParts } from '../protocol/preparedTransaction';
import { decodeReadWriteSet } from '../protocol/readWriteSet';
import { noneSatisfied, type ChannelAccess } from '../services/accessControl';
import type { StateReader } from '../store/stateReader';

/** Why an envelope is not ordered; `status` is a name of `common.Status`. */
export interface Refusal {
  status: string;
  info: string;
}

/**
 * Types of messages that are not ordered as they come, with an orderer's reason; for the change of a channel,
 * with ours.
 */
const UNSUPPORTED = new Map<number, string>([
  [common.HeaderType.CONFIG, 'message is of type that cannot be processed directly'],
  [common.HeaderType.ORDERER_TRANSACTION, 'message is of type that is no longer supported'],
  [common.HeaderType.CONFIG_UPDATE, 'the channel of an embedded ledger is changed by its options only'],
]);

export interface AdmissionOptions {
  access: ChannelAccess;
  /** Payload and signature of one envelope, in bytes. */
  absoluteMaxBytes: number;
  membership: Membership;
  reader: StateReader;
  pool: PrivateDataPool;
  clock: () => number;
}

/** What an orderer checks before it takes an envelope for a channel, in its order and with its words. */
export class Admission {
  readonly #options: AdmissionOptions;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** @param size bytes of payload and signature. @returns `undefined` when the envelope may be ordered. */
  refusal(parts: EnvelopeParts, size: number): Refusal | undefined {
    const refused = this.#ofMessage(parts, size) ?? this.#ofSigner(parts);
    if (refused !== undefined || this.#holdsPrivateData(parts)) {
      return refused;
    }
    return badRequest('the private data of the transaction are not here any more, endorse a new proposal');
  }

  /** First type and size. */
  #ofMessage({ channelHeader }: EnvelopeParts, size: number): Refusal | undefined {
    const { absoluteMaxBytes } = this.#options;
    const unsupported = UNSUPPORTED.get(channelHeader.getType());
    if (unsupported !== undefined) {
      return badRequest(unsupported);
    }
    return size <= absoluteMaxBytes
      ? undefined
      : badRequest(`message payload is ${size} bytes and exceeds maximum allowed ${absoluteMaxBytes} bytes`);
  }

  /** Then expiry, and that a writer of the channel signed. */
  #ofSigner(parts: EnvelopeParts): Refusal | undefined {
    const { access, membership, clock } = this.#options;
    const creatorBytes = parts.signatureHeader.getCreator_asU8();
    if (membership.hasExpired(creatorBytes, clock())) {
      return badRequest('broadcast client identity expired');
    }
    const creator = membership.identify(creatorBytes);
    const hasCreated = creator && hasRole(creator) && hasSigned(creator, parts.payloadBytes, parts.signature);
    if (hasCreated && access.refusal(creator, 'Writers') === undefined) {
      return undefined;
    }
    return {
      status: 'FORBIDDEN',
      info: `${noneSatisfied('Writers')}: permission denied`,
    };
  }

  /**
   * Private data of an endorsed transaction lie in the transient store until it commits. Where they were lost
   * with the disk, ordering it would commit hashes without their data, so it is refused and the client
   * endorses again.
   */
  #holdsPrivateData(parts: EnvelopeParts): boolean {
    const { reader, pool } = this.#options;
    const transaction = openEndorserTransaction(parts);
    const id = parts.channelHeader.getTxId();
    if (!transaction || reader.transaction(id)) {
      return true;
    }
    try {
      return decodeReadWriteSet(transaction.chaincodeAction.getResults_asU8()).every(
        ({ namespace, collections }) =>
          collections.every(
            ({ name, writes, privateHash }) =>
              writes.length === 0 || pool.find(id, namespace, name, privateHash) !== undefined,
          ),
      );
    } catch {
      return true; // not a read-write set: the validator marks the transaction BAD_RWSET
    }
  }
}

export function badRequest(info: string): Refusal {
  return { status: 'BAD_REQUEST', info };
}
