// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { LEDGER_EVENTS } from '@chartwitness/chaincode/domain';
import type { Network } from '@hyperledger/fabric-gateway';
import { common, peer } from '@hyperledger/fabric-protos';
import { LedgerError } from './ledgerError';
import { toLedgerError } from './ledgerErrors';
import type { OwnOrganisation } from './ownOrganisation';
import type { LedgerBlock, LedgerTip } from './provenanceLedger';
import type { Submitter } from './submitter';

export interface BlockReaderOptions {
  readonly network: Network;
  readonly channel: string;
  /** Whose events count. */
  readonly chaincode: string;
  readonly submitter: Pick<Submitter, 'evaluate'>;
  readonly own: Pick<OwnOrganisation, 'prove'>;
  /** Longest wait, in milliseconds, for each next block of a stream. */
  readonly silenceMs: number;
}

/** What a peer says of a block that it does not have (yet); Fabric 2.5 and 3.1 alike. */
const NO_SUCH_BLOCK = /no such block number \[\d+\] in index/;
const KNOWN_EVENTS: ReadonlySet<string> = new Set(Object.values(LEDGER_EVENTS));

/**
 * The channel's blocks as the peer has them: through its query chaincode, and its stream of filtered blocks.
 */
export class BlockReader {
  readonly #options: BlockReaderOptions;

  constructor(options: BlockReaderOptions) {
    this.#options = options;
  }

  async tip(): Promise<LedgerTip> {
    const info = common.BlockchainInfo.deserializeBinary(await this.#query('GetChainInfo'));
    return { height: BigInt(info.getHeight()), hash: base64url(info.getCurrentblockhash_asU8()) };
  }

  async find(number: bigint): Promise<LedgerBlock | undefined> {
    try {
      return describe(common.Block.deserializeBinary(await this.#query('GetBlockByNumber', String(number))));
    } catch (error) {
      if (error instanceof LedgerError && NO_SUCH_BLOCK.test(error.message)) {
        return undefined;
      }
      throw error;
    }
  }

  async findEventBlock(from: bigint, to: bigint, signal: AbortSignal): Promise<bigint | undefined> {
    if (from >= to || signal.aborted) {
      return undefined;
    }
    const stream = await this.#open(from);
    let next = from;
    const silence = new AbortController();
    const stop = (): void => {
      stream.close();
    };
    const giveUp = setTimeout(() => {
      silence.abort();
      stop();
    }, this.#options.silenceMs);
    signal.addEventListener('abort', stop, { once: true });
    if (hasEnded(signal)) {
      stop();
    }
    try {
      for await (const block of stream) {
        giveUp.refresh();
        next = BigInt(block.getNumber()) + 1n;
        if (this.#hasEvent(block)) {
          return next - 1n;
        }
        if (next >= to) {
          return undefined;
        }
      }
      throw new LedgerError('unavailable', 'the peer ended its stream of blocks');
    } catch (error) {
      if (hasEnded(signal)) {
        return undefined;
      }
      throw hasEnded(silence.signal)
        ? new LedgerError('unavailable', `the peer does not give block ${String(next)}`, {
            reason: 'PEER_BEHIND',
            cause: error,
          })
        : toLedgerError(error, 'events');
    } finally {
      clearTimeout(giveUp);
      signal.removeEventListener('abort', stop);
      stream.close();
    }
  }

  async #open(from: bigint) {
    await this.#options.own.prove();
    try {
      return await this.#options.network.getFilteredBlockEvents({ startBlock: from });
    } catch (error) {
      throw toLedgerError(error, 'events');
    }
  }

  #hasEvent(block: peer.FilteredBlock): boolean {
    return block
      .getFilteredTransactionsList()
      .filter((transaction) => transaction.getTxValidationCode() === peer.TxValidationCode.VALID)
      .flatMap((transaction) => transaction.getTransactionActions()?.getChaincodeActionsList() ?? [])
      .some((action) => {
        const event = action.getChaincodeEvent();
        return event?.getChaincodeId() === this.#options.chaincode && KNOWN_EVENTS.has(event.getEventName());
      });
  }

  #query(name: string, ...args: readonly string[]): Promise<Uint8Array> {
    const { network, channel, submitter } = this.#options;
    return submitter.evaluate({
      contract: network.getContract('qscc'),
      name,
      args: [channel, ...args],
      endorsers: [],
    });
  }
}

/** Asked again after a wait, during which it may have changed. */
function hasEnded(signal: AbortSignal): boolean {
  return signal.aborted;
}

function describe(block: common.Block): LedgerBlock {
  const header = block.getHeader() ?? new common.BlockHeader();
  return {
    number: BigInt(header.getNumber()),
    hash: headerHash(header),
    transactionIds: (block.getData()?.getDataList_asU8() ?? []).map(transactionIdOf),
  };
}

function transactionIdOf(envelope: Uint8Array): string {
  const payload = common.Payload.deserializeBinary(
    common.Envelope.deserializeBinary(envelope).getPayload_asU8(),
  );
  const header = payload.getHeader()?.getChannelHeader_asU8() ?? new Uint8Array();
  return common.ChannelHeader.deserializeBinary(header).getTxId();
}

/**
 * SHA-256 over SEQUENCE { INTEGER number, OCTET STRING previousHash, OCTET STRING dataHash }, as the next
 * block names it.
 */
function headerHash(header: common.BlockHeader): string {
  const members = Buffer.concat([
    der(0x02, unsigned(header.getNumber())),
    der(0x04, header.getPreviousHash_asU8()),
    der(0x04, header.getDataHash_asU8()),
  ]);
  return createHash('sha256').update(der(0x30, members)).digest('base64url');
}

/** The shortest big-endian bytes whose first bit is clear. */
function unsigned(value: number): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return (bytes[0] ?? 0) > 0x7f ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
}

/** One member of DER, of fewer than 128 bytes: a number and two digests are fewer. */
function der(tag: number, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([tag, body.length]), body]);
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}
