// SPDX-License-Identifier: Apache-2.0 Entry of a peer's worker thread: the chaincode through fabric-shim, the
// simulator and the endorser's signature.
import { createPrivateKey } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { peer } from '@hyperledger/fabric-protos';
import { signLowS } from '../identity/lowS';
import { proposalResponsePayload } from '../protocol/preparedTransaction';
import { ChaincodeSession, type Completion } from './chaincodeSession';
import { loadChaincode } from './loadChaincode';
import { ownBytes } from './ownBytes';
import { PeerSimulations, type Transaction } from './peerSimulations';
import type { Simulator } from './simulator';
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
  const privateKey = createPrivateKey(settings.endorserKeyPem);
  const chaincode = await loadChaincode(settings.module);
  const session = new ChaincodeSession(chaincode.protos, () => {
    send({ type: 'ready' });
  });
  const simulations = new PeerSimulations(settings.mspId, settings.channels, session);
  const running = new Map<number, Transaction>();

  const execute = async (task: SimulateTask): Promise<SimulationOutcome> => {
    const { transactionId, signedProposal, creator, channelId } = task;
    const chaincodeName = simulations.chaincodeOf(channelId);
    const transaction: Transaction = {
      transactionId,
      signedProposal,
      creator,
      chaincodeName,
      open: new Set(),
      ended: false,
    };
    running.set(task.id, transaction);
    try {
      const { completion, simulator } = await simulations.run(channelId, transaction, task.input);
      return outcomeOf(task, completion, simulator, chaincodeName);
    } finally {
      // a call that the chaincode has not waited for ends with it
      simulations.abandon(transaction);
      running.delete(task.id);
    }
  };

  const outcomeOf = (
    task: SimulateTask,
    completion: Completion,
    simulator: Simulator,
    chaincodeName: string,
  ): SimulationOutcome => {
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
      event: eventBytes(completion.event, task.transactionId, chaincodeName),
      response,
      chaincodeName,
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
      const transaction = running.get(message.id);
      if (transaction) {
        simulations.abandon(transaction);
      }
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
