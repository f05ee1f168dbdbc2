// SPDX-License-Identifier: Apache-2.0 Entry of a peer's worker thread: the chaincode through fabric-shim, the
// simulator and the endorser's signature.
import { createPrivateKey } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { peer } from '@hyperledger/fabric-protos';
import { signLowS } from '../identity/lowS';
import { Collections } from '../policy/collections';
import { proposalResponsePayload } from '../protocol/preparedTransaction';
import { Snapshots } from '../store/snapshots';
import { ChaincodeSession, type Completion } from './chaincodeSession';
import { loadChaincode } from './loadChaincode';
import { ownBytes } from './ownBytes';
import { Simulator } from './simulator';
import type { FromWorker, SimulateTask, SimulationOutcome, ToWorker, WorkerSettings } from './workerMessages';

const OK_LIMIT = 400;

async function main(): Promise<void> {
  const port = parentPort;
  if (!port) {
    throw new Error('The chaincode worker runs as a worker thread only.');
  }
  const settings = workerData as WorkerSettings;
  const send = (message: FromWorker): void => {
    port.postMessage(message);
  };
  const height = new BigInt64Array(settings.height);
  const snapshots = new Snapshots(settings.storeFile, () => Number(Atomics.load(height, 0)));
  const collections = new Collections(settings.collections, settings.organisations);
  const privateKey = createPrivateKey(settings.endorserKeyPem);
  const chaincode = await loadChaincode(settings.module);
  const session = new ChaincodeSession(chaincode.protos, () => {
    send({ type: 'ready' });
  });
  const abandoned = new Map<number, () => void>();

  const execute = async (task: SimulateTask): Promise<SimulationOutcome> => {
    const snapshot = snapshots.take();
    abandoned.set(task.id, () => {
      session.abandon(task.transactionId);
      snapshot.release();
    });
    try {
      const simulator = new Simulator({
        reader: snapshot.reader,
        channel: settings.channel,
        namespace: settings.chaincodeName,
        mspId: settings.mspId,
        transactionId: task.transactionId,
        creator: task.creator,
        collections,
      });
      const { reader } = snapshot;
      const completion = await session.invoke({
        ...task,
        simulator,
        reader,
        namespace: settings.chaincodeName,
      });
      return outcomeOf(task, completion, simulator);
    } finally {
      snapshot.release();
      abandoned.delete(task.id);
    }
  };

  const outcomeOf = (task: SimulateTask, completion: Completion, simulator: Simulator): SimulationOutcome => {
    if (completion.kind === 'failed') {
      return completion;
    }
    const { response } = completion;
    const answer = {
      status: response.getStatus(),
      message: response.getMessage(),
      payload: ownBytes(response.getPayload_asU8()),
    };
    if (!task.endorse || answer.status >= OK_LIMIT) {
      return { kind: 'completed', ...answer, endorsed: undefined };
    }
    const { results, privateResults, interest } = simulator.finish();
    const responsePayload = proposalResponsePayload({
      proposalHash: task.proposalHash,
      results,
      event: eventBytes(completion.event, task.transactionId, settings.chaincodeName),
      response,
      chaincodeName: settings.chaincodeName,
      chaincodeVersion: settings.chaincodeVersion,
    });
    const signature = ownBytes(signLowS(privateKey, Buffer.concat([responsePayload, settings.endorser])));
    return {
      kind: 'completed',
      ...answer,
      endorsed: { responsePayload, signature, privateResults, interest },
    };
  };

  const onMessage = (message: ToWorker): void => {
    if (message.type === 'simulate') {
      const { task } = message;
      execute(task)
        .catch((error: unknown): SimulationOutcome => ({
          kind: 'failed',
          message: error instanceof Error ? error.message : String(error),
        }))
        .then(
          (outcome) => {
            send({ type: 'result', id: task.id, outcome });
          },
          (error: unknown) => {
            throw error;
          },
        );
    } else {
      abandoned.get(message.id)?.();
    }
  };
  port.on('message', onMessage);

  const id = new peer.ChaincodeID();
  id.setName(settings.chaincodeId);
  const register = new chaincode.protos.ChaincodeMessage();
  register.setType(peer.ChaincodeMessage.Type.REGISTER);
  register.setPayload(id.serializeBinary());
  chaincode.start(session.stream, register);
}

/** The peer itself says whose event it is and of which transaction. */
function eventBytes(event: Uint8Array, transactionId: string, chaincodeName: string): Uint8Array {
  if (event.length === 0) {
    return event;
  }
  const parsed = peer.ChaincodeEvent.deserializeBinary(event);
  parsed.setChaincodeId(chaincodeName);
  parsed.setTxId(transactionId);
  return parsed.serializeBinary();
}

main().catch((error: unknown) => {
  setImmediate(() => {
    throw error; // reaches the host as the worker's error
  });
});
