// SPDX-License-Identifier: Apache-2.0
import {
  type AccessEvent,
  type BatchInput,
  completeEvent,
  type NetworkSettings,
  type PrivateBatch,
} from '../domain';
import type { ConsentStore } from './consentStore';
import type { RegistryStore } from './registryStore';

/** What the transaction adds to every request of its batch. */
export interface BatchContext {
  readonly holder: string;
  readonly at: string;
  readonly settings: NetworkSettings;
}

interface Sources {
  readonly registry: RegistryStore;
  readonly consents: ConsentStore;
}

/**
 * Decides every request of a batch by the registry and the consents on the ledger. Each organisation, client
 * and subject is read once.
 */
export async function decideBatch(
  { start, requests }: BatchInput,
  { holder, at, settings }: BatchContext,
  { registry, consents }: Sources,
): Promise<PrivateBatch> {
  const { defaultPolicy } = settings;
  const refusals = new Map<string, Awaited<ReturnType<RegistryStore['findRefusal']>>>();
  const documents = new Map<string, Awaited<ReturnType<ConsentStore['find']>>>();
  const events: AccessEvent[] = [];
  await consents.prefetch(new Set(requests.map(({ subject }) => subject)));
  for (const request of requests) {
    const { requester, subject } = request;
    const asker = `${requester.org} ${requester.clientId}`;
    if (!refusals.has(asker)) {
      refusals.set(asker, await registry.findRefusal(requester));
    }
    if (!documents.has(subject)) {
      documents.set(subject, await consents.find(subject));
    }
    const consent = documents.get(subject)?.document;
    events.push(completeEvent(request, { holder, at, consent, defaultPolicy, refusal: refusals.get(asker) }));
  }
  return { start, events };
}
