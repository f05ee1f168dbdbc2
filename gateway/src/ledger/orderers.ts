// SPDX-License-Identifier: Apache-2.0
import type * as grpc from '@grpc/grpc-js';
import { common, orderer } from '@hyperledger/fabric-protos';
import { type LedgerTls, openChannel } from './channel';

export interface OrderersOptions {
  /** `host:port` of one or more orderers of the channel. */
  readonly endpoints: readonly string[];
  /** Root certificates of every orderer organisation; the client certificate is the one shown to the peer. */
  readonly tls?: LedgerTls;
}

/** No orderer took the transaction, or none said so. It may be on its way all the same. */
export class NotOrdered extends Error {
  override readonly name = 'NotOrdered';
}

const { Status } = common;
/** What a BFT orderer says of a transaction that it has already. */
const KNOWN_ALREADY = 'failed to submit request: request already exists';

/**
 * The way to the orderers past the own peer (`orderer.AtomicBroadcast/Broadcast`). A peer's Gateway service
 * returns to an orderer that was away with pauses that grow to two minutes and that nobody can set; these
 * connections are tried again every second.
 */
export class Orderers {
  readonly #nodes: readonly { readonly endpoint: string; readonly client: grpc.Client }[];
  /** The one that answered last is asked first. */
  #first = 0;

  constructor({ endpoints, tls }: OrderersOptions) {
    this.#nodes = endpoints.map((endpoint) => ({ endpoint, client: openChannel(endpoint, tls) }));
  }

  /**
   * Hands a signed transaction to one orderer after the other until one takes it. Handed in again, the same
   * bytes commit at most once.
   * @param timeoutMs for each orderer.
   * @returns the endpoint that took it, which is as much as a peer's `Submit` says: not that it will be in a
   *   block.
   * @throws {@link NotOrdered}
   */
  async broadcast(envelope: common.Envelope, timeoutMs: number): Promise<string> {
    const problems: string[] = [];
    for (let turn = 0; turn < this.#nodes.length; turn += 1) {
      const index = (this.#first + turn) % this.#nodes.length;
      const node = this.#nodes[index];
      if (node === undefined) {
        break;
      }
      try {
        await broadcastTo(node.client, envelope, timeoutMs);
        this.#first = index;
        return node.endpoint;
      } catch (error) {
        problems.push(`${node.endpoint}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    throw new NotOrdered(problems.join('; '));
  }

  close(): void {
    for (const { client } of this.#nodes) {
      client.close();
    }
  }
}

/** One stream for one transaction, as a peer does it. */
async function broadcastTo(client: grpc.Client, envelope: common.Envelope, timeoutMs: number): Promise<void> {
  const { path, requestSerialize, responseDeserialize } = orderer.AtomicBroadcastService.broadcast;
  const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, {
    deadline: Date.now() + timeoutMs,
  });
  try {
    const answer = await firstAnswer(call, envelope);
    const taken =
      answer.getStatus() === Status.SUCCESS ||
      (answer.getStatus() === Status.SERVICE_UNAVAILABLE && answer.getInfo() === KNOWN_ALREADY);
    if (!taken) {
      throw new NotOrdered(`status ${String(answer.getStatus())}, ${answer.getInfo()}`);
    }
  } finally {
    call.end();
    call.cancel();
  }
}

function firstAnswer(
  call: grpc.ClientDuplexStream<common.Envelope, orderer.BroadcastResponse>,
  envelope: common.Envelope,
): Promise<orderer.BroadcastResponse> {
  return new Promise((resolve, reject) => {
    call.once('data', resolve);
    // Stays: the cancelled call reports its end as an error, too.
    call.on('error', reject);
    call.once('end', () => {
      reject(new NotOrdered('the orderer ended the call without an answer'));
    });
    call.write(envelope);
  });
}
