// SPDX-License-Identifier: Apache-2.0
import { common, peer } from '@hyperledger/fabric-protos';
import { validationCodes } from '../protocol/block';
import { openEndorserTransaction, openEnvelope } from '../protocol/preparedTransaction';

const KEPT_BLOCKS = 64;

/**
 * Chaincode events of valid transactions, block by block; the newest blocks are kept decoded for all streams.
 */
export class EventReader {
  readonly #decoded = new Map<number, peer.ChaincodeEvent[]>();

  eventsOf(number: number, bytes: Uint8Array): peer.ChaincodeEvent[] {
    const known = this.#decoded.get(number);
    if (known) {
      return known;
    }
    const events = decode(bytes);
    this.#decoded.set(number, events);
    const [oldest] = this.#decoded.keys();
    if (this.#decoded.size > KEPT_BLOCKS && oldest !== undefined) {
      this.#decoded.delete(oldest);
    }
    return events;
  }
}

function decode(bytes: Uint8Array): peer.ChaincodeEvent[] {
  const block = common.Block.deserializeBinary(bytes);
  const codes = validationCodes(block);
  const events: peer.ChaincodeEvent[] = [];
  (block.getData()?.getDataList_asU8() ?? []).forEach((data, tx) => {
    if (codes[tx] !== peer.TxValidationCode.VALID) {
      return;
    }
    const event = eventOf(data);
    if (event) {
      events.push(event);
    }
  });
  return events;
}

/** The event of one transaction; undefined for other transaction types and without event. */
export function eventOf(data: Uint8Array): peer.ChaincodeEvent | undefined {
  const parts = openEnvelope(data);
  if (parts?.channelHeader.getType() !== common.HeaderType.ENDORSER_TRANSACTION) {
    return undefined;
  }
  const bytes = openEndorserTransaction(parts)?.chaincodeAction.getEvents_asU8();
  if (!bytes || bytes.length === 0) {
    return undefined;
  }
  const event = parse(bytes);
  if (!event) {
    return undefined;
  }
  const complete = event.getChaincodeId() !== '' && event.getEventName() !== '' && event.getTxId() !== '';
  return complete ? event : undefined;
}

function parse(bytes: Uint8Array): peer.ChaincodeEvent | undefined {
  try {
    return peer.ChaincodeEvent.deserializeBinary(bytes);
  } catch {
    return undefined; // not protobuf: a transaction that holds it is invalid, and has no event
  }
}
