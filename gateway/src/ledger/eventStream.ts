// SPDX-License-Identifier: Apache-2.0
import type { ChaincodeEvent, CloseableAsyncIterable, Network } from '@hyperledger/fabric-gateway';
import type { Logger } from 'pino';
import type { Heights } from './heights';
import { LedgerError } from './ledgerError';
import { toLedgerError } from './ledgerErrors';
import type { OwnOrganisation } from './ownOrganisation';
import type { LedgerEvent, LedgerPosition } from './provenanceLedger';
import * as wire from './wire';

export interface EventStreamOptions {
  readonly network: Network;
  readonly chaincode: string;
  readonly own: Pick<OwnOrganisation, 'prove' | 'forget'>;
  readonly heights: Pick<Heights, 'note'>;
  readonly log: Logger;
}

/**
 * The chaincode's events after a position, oldest first, until `signal` aborts.
 * @param after undefined: from the first block.
 * @throws LedgerError when the stream cannot be opened or ends by itself.
 */
export async function* eventStream(
  options: EventStreamOptions,
  after: LedgerPosition | undefined,
  signal: AbortSignal,
): AsyncIterable<LedgerEvent> {
  const stream = await open(options, after);
  const stop = (): void => {
    stream.close();
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    if (signal.aborted) {
      // It is read all the same: the client tells the end as an error, which nobody would hear.
      stop();
    }
    for await (const event of stream) {
      const position = { block: event.blockNumber, transactionId: event.transactionId };
      options.heights.note(position.block);
      const parsed = wire.parseLedgerEvent(event.eventName, event.payload, position);
      if (parsed === undefined) {
        options.log.warn({ event: event.eventName }, 'unknown chaincode event skipped');
      } else {
        yield parsed;
      }
    }
    throw new LedgerError('unavailable', 'the peer ended the event stream');
  } catch (error) {
    if (!signal.aborted) {
      options.own.forget();
      throw toLedgerError(error, 'events');
    }
  } finally {
    signal.removeEventListener('abort', stop);
    stream.close();
  }
}

async function open(
  { own, network, chaincode }: EventStreamOptions,
  after: LedgerPosition | undefined,
): Promise<CloseableAsyncIterable<ChaincodeEvent>> {
  await own.prove();
  try {
    return await network.getChaincodeEvents(
      chaincode,
      after === undefined
        ? { startBlock: 0n }
        : {
            checkpoint: {
              getBlockNumber: () => after.block,
              getTransactionId: () => after.transactionId,
            },
          },
    );
  } catch (error) {
    throw toLedgerError(error, 'events');
  }
}
