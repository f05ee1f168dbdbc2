// SPDX-License-Identifier: Apache-2.0
import type { ClientApplication, RegistryStatus } from '@chartwitness/chaincode/domain';
import { LedgerError } from '../../../gateway/src/ledger/ledgerError';
import type { LedgerEvent } from '../../../gateway/src/ledger/provenanceLedger';
import { CLIENT, NORTH } from '../ledger/network';

/** A fake of the registry at the ledger's port: one client, and change events by hand. */
export class FakeRegistryLedger {
  reads = 0;
  failure: LedgerError | undefined;
  status: RegistryStatus = 'active';
  /** Whether every id is a client's. */
  isEverybody = false;
  /** A further client. */
  also: string | undefined;
  /** While set, reads answer only when it resolves. */
  gate: Promise<void> | undefined;
  #wake: (() => void)[] = [];
  #events: LedgerEvent[] = [];
  #isBroken = false;
  opened = 0;
  /** Blocks of the own peer. */
  blocks = 5n;
  #noteReopened: () => void = () => undefined;

  async findClient(clientId: string): Promise<ClientApplication | undefined> {
    this.reads += 1;
    const { status } = this;
    await this.gate;
    if (this.failure !== undefined) {
      throw this.failure;
    }
    return this.isEverybody || clientId === CLIENT.clientId || clientId === this.also
      ? { ...CLIENT, clientId, org: NORTH, status }
      : undefined;
  }
  async organisations() {
    await this.findClient('');
    return [{ mspId: NORTH, role: 'holder' as const, name: 'North', identifiers: [], status: this.status }];
  }
  findSettings() {
    return Promise.resolve(undefined);
  }
  height() {
    return Promise.resolve(this.blocks);
  }
  ownHeight() {
    return this.failure === undefined ? this.height() : Promise.reject(this.failure);
  }
  /** Resolves when events are asked for a second time. */
  readonly reopened = new Promise<void>((resolve) => {
    this.#noteReopened = resolve;
  });
  async *events(_after: unknown, signal: AbortSignal): AsyncIterable<LedgerEvent> {
    this.opened += 1;
    if (this.opened === 2) {
      this.#noteReopened();
    }
    while (!signal.aborted) {
      const event = this.#events.shift();
      if (event !== undefined) {
        yield event;
      } else if (this.#isBroken) {
        this.#isBroken = false;
        throw new LedgerError('unavailable', 'fake: stream broken');
      } else {
        await new Promise<void>((resolve) => {
          this.#wake.push(resolve);
          signal.addEventListener('abort', () => {
            resolve();
          });
        });
      }
    }
  }

  /** In a block of its own. */
  change(kind: 'client' | 'organisation' | 'settings', id: string): void {
    const block = this.blocks;
    this.blocks += 1n;
    this.#events.push({ name: 'RegistryChanged', payload: { kind, id }, block, transactionId: 'tx' });
    this.#wake.splice(0).forEach((wake) => {
      wake();
    });
  }
  breakStream(): void {
    this.#isBroken = true;
    this.#wake.splice(0).forEach((wake) => {
      wake();
    });
  }
}
