// SPDX-License-Identifier: Apache-2.0
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { ownBytes } from './ownBytes';
import type { FromWorker, SimulateTask, SimulationOutcome, ToWorker, WorkerSettings } from './workerMessages';

/**
 * The worker's compiled entry: the same file whether this module runs from its source (tests) or compiled.
 */
const WORKER_FILE = path.resolve(__dirname, '../../../dist/embedded/simulation/chaincodeWorker.js');
const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 5_000;
const STABLE_MS = 10_000;
const START_TIMEOUT_MS = 30_000;

/** The chaincode did not execute; the message is a peer's. `terminated`: it died while executing. */
export class ChaincodeUnavailable extends Error {
  readonly terminated: boolean;

  constructor(message: string, terminated: boolean) {
    super(message);
    this.terminated = terminated;
  }
}

export interface HostOptions {
  settings: WorkerSettings;
  onExit: 'restart' | 'stop';
  executeTimeoutMs: number;
  log: (line: string) => void;
  /** Called when the chaincode ended and nobody starts it again. */
  stopped: () => void;
}

interface Waiting {
  transactionId: string;
  resolve: (outcome: SimulationOutcome) => void;
  reject: (reason: ChaincodeUnavailable) => void;
  timer: NodeJS.Timeout;
}

type NewTask = Omit<SimulateTask, 'id'>;

/** One peer's chaincode: keeps its worker thread, restarts it, and gives it transactions. */
export class ChaincodeHost {
  #worker: Worker | undefined;
  #ready: Promise<void> = Promise.resolve();
  #state: 'starting' | 'running' | 'down' | 'closed' = 'starting';
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;
  #backoffMs = FIRST_BACKOFF_MS;
  #restartTimer: NodeJS.Timeout | undefined;

  readonly #options: HostOptions;

  constructor(options: HostOptions) {
    this.#options = options;
  }

  /** Resolves when the chaincode has registered; rejects when it cannot be loaded. */
  start(): Promise<void> {
    this.#state = 'starting';
    const startedAt = Date.now();
    const worker = new Worker(WORKER_FILE, {
      workerData: this.#options.settings,
      // The shim changes the process environment when it loads: the worker gets a copy of its own.
      env: {
        ...process.env,
        CORE_PEER_LOCALMSPID: this.#options.settings.mspId,
        CORE_CHAINCODE_LOGGING_LEVEL: process.env['CORE_CHAINCODE_LOGGING_LEVEL'] ?? 'CRITICAL',
      },
    });
    this.#worker = worker;
    this.#ready = new Promise((resolve, reject) => {
      let failure: Error | undefined;
      worker.on('message', (message: FromWorker) => {
        if (message.type === 'result') {
          this.#settle(message.id, message.outcome);
        } else {
          this.#state = 'running';
          resolve();
        }
      });
      worker.on('error', (error) => {
        failure = error;
      });
      worker.on('exit', (code) => {
        const reason = failure?.message ?? `exit code ${code}`;
        reject(new Error(`The chaincode of ${this.#options.settings.mspId} ended: ${reason}`));
        this.#exited(worker, reason, startedAt);
      });
    });
    // a restart that fails is logged by exited(); callers of start() see it
    this.#ready.catch(() => undefined);
    return this.#ready;
  }

  /** Runs a transaction. Rejects with ChaincodeUnavailable. */
  async simulate(task: NewTask): Promise<SimulationOutcome> {
    if (this.#state !== 'running') {
      await this.#becomeReady();
    }
    const worker = this.#worker;
    if (!worker) {
      throw this.#refused();
    }
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      const timer = setTimeout(() => {
        this.#timeOut(id);
      }, this.#options.executeTimeoutMs);
      this.#waiting.set(id, { transactionId: task.transactionId, resolve, reject, timer });
      const signedProposal = ownBytes(task.signedProposal);
      const input = ownBytes(task.input);
      const proposalHash = ownBytes(task.proposalHash);
      const message: ToWorker = {
        type: 'simulate',
        task: { ...task, id, signedProposal, input, proposalHash },
      };
      worker.postMessage(message, [signedProposal.buffer, input.buffer, proposalHash.buffer]);
    });
  }

  /** Ends the chaincode for good, as a service that was stopped. */
  stop(): void {
    if (this.#state === 'closed' || this.#state === 'down') {
      return;
    }
    this.#state = 'down';
    clearTimeout(this.#restartTimer);
    void this.#worker?.terminate();
    this.#worker = undefined;
    this.#failAll();
  }

  async close(): Promise<void> {
    this.#state = 'closed';
    clearTimeout(this.#restartTimer);
    const worker = this.#worker;
    this.#worker = undefined;
    this.#failAll();
    await worker?.terminate();
  }

  async #becomeReady(): Promise<void> {
    if (this.#state === 'down' || this.#state === 'closed') {
      throw this.#refused();
    }
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(this.#refused());
      }, START_TIMEOUT_MS);
    });
    try {
      await Promise.race([this.#ready, timeout]);
    } catch {
      throw this.#refused();
    } finally {
      clearTimeout(timer);
    }
  }

  #refused(): ChaincodeUnavailable {
    const id = this.#options.settings.chaincodeId;
    // A thread has no port; the rest is what a peer says of a chaincode service that does not answer.
    const address = '127.0.0.1:0';
    return new ChaincodeUnavailable(
      `could not launch chaincode ${id}: connection to ${id} failed: error cannot create connection for ${id}: error creating grpc connection to ${address}: failed to create new connection: connection error: desc = "transport: error while dialing: dial tcp ${address}: connect: connection refused"`,
      false,
    );
  }

  #settle(id: number, outcome: SimulationOutcome): void {
    const waiting = this.#waiting.get(id);
    if (!waiting) {
      return;
    }
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    waiting.resolve(outcome);
  }

  #timeOut(id: number): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    const message: ToWorker = { type: 'abandon', id };
    this.#worker?.postMessage(message);
    waiting?.reject(
      new ChaincodeUnavailable('error sending: timeout expired while executing transaction', false),
    );
  }

  #failAll(): void {
    const terminated = new ChaincodeUnavailable('error sending: chaincode stream terminated', true);
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(terminated);
    }
    this.#waiting.clear();
  }

  #exited(worker: Worker, reason: string, startedAt: number): void {
    if (worker !== this.#worker) {
      return;
    }
    this.#worker = undefined;
    const { mspId } = this.#options.settings;
    if (this.#options.onExit === 'stop') {
      this.#state = 'down';
      this.#options.log(`chaincode of ${mspId} ended (${reason}); it is not started again`);
      this.#options.stopped();
      this.#failAll();
      return;
    }
    this.#backoffMs =
      Date.now() - startedAt > STABLE_MS
        ? FIRST_BACKOFF_MS
        : Math.min(this.#backoffMs * 2, LONGEST_BACKOFF_MS);
    this.#state = 'starting';
    this.#options.log(`chaincode of ${mspId} ended (${reason}); starting it again in ${this.#backoffMs} ms`);
    this.#ready = new Promise((resolve, reject) => {
      this.#restartTimer = setTimeout(() => {
        this.start().then(resolve, reject);
      }, this.#backoffMs);
    });
    this.#ready.catch(() => undefined); // each caller that waits gets "could not launch"
    this.#failAll();
  }
}
