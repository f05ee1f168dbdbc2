// SPDX-License-Identifier: Apache-2.0
import type { ClientApplication, Organisation } from '@chartwitness/chaincode/domain';
import { LedgerError } from '../ledger/ledgerError';
import type { ProvenanceLedger } from '../ledger/provenanceLedger';

/** The ledger's Registry as token checks need it. Throws {@link LedgerError} when neither the ledger nor a kept copy can answer. */
export interface RegistryReader {
  findClient(clientId: string): Promise<ClientApplication | undefined>;
  findOrganisation(mspId: string): Promise<Organisation | undefined>;
}

export interface CachedRegistry extends RegistryReader {
  /** Forgets what is kept for this client id or MSP id: call it on `RegistryChanged`, so that a suspension counts at once. */
  invalidate(id: string): void;
}

export interface CachedRegistryOptions {
  readonly clock: () => number;
  /** How long an answer is used without asking again; default 1,000. */
  readonly maxAgeMs?: number;
}

interface Kept<T> {
  readonly value: T | undefined;
  readonly until: number;
}

const MAX_KEPT = 10_000;

/**
 * Reads the Registry through a short cache. While the ledger is away the last answer stands, so that an emergency can still be
 * authenticated; everything else is refused then by the recorder. A stale copy never permits more than the ledger would: the chaincode
 * checks client and organisation again when it records.
 */
export function createCachedRegistry(
  ledger: Pick<ProvenanceLedger, 'findClient' | 'organisations'>,
  options: CachedRegistryOptions,
): CachedRegistry {
  const maxAgeMs = options.maxAgeMs ?? 1000;
  const cached = <T>(load: (id: string) => Promise<T | undefined>) => {
    const kept = new Map<string, Kept<T>>();
    const inFlight = new Map<string, Promise<T | undefined>>();
    const refresh = async (id: string): Promise<T | undefined> => {
      try {
        const value = await load(id);
        remember(kept, id, { value, until: options.clock() + maxAgeMs });
        return value;
      } catch (error) {
        const last = kept.get(id);
        if (error instanceof LedgerError && error.kind !== 'rejected' && last !== undefined) {
          return last.value;
        }
        throw error;
      } finally {
        inFlight.delete(id);
      }
    };
    const find = (id: string): Promise<T | undefined> => {
      const last = kept.get(id);
      if (last !== undefined && last.until > options.clock()) {
        return Promise.resolve(last.value);
      }
      const started = inFlight.get(id) ?? refresh(id);
      inFlight.set(id, started);
      return started;
    };
    const expire = (id: string): void => {
      const last = kept.get(id);
      if (last !== undefined) {
        kept.set(id, { ...last, until: 0 });
      }
      // An answer that was asked for before the change must not be taken for a later one.
      inFlight.delete(id);
    };
    return { find, expire };
  };
  const clients = cached((clientId) => ledger.findClient(clientId));
  const organisations = cached(async (mspId) =>
    (await ledger.organisations()).find((organisation) => organisation.mspId === mspId),
  );
  return {
    findClient: clients.find,
    findOrganisation: organisations.find,
    invalidate: (id) => {
      clients.expire(id);
      organisations.expire(id);
    },
  };
}

/** Ids come from callers, so the cache is bounded: the oldest entry goes first. */
function remember<T>(kept: Map<string, Kept<T>>, id: string, entry: Kept<T>): void {
  kept.delete(id);
  if (kept.size >= MAX_KEPT) {
    const oldest = kept.keys().next();
    if (oldest.done !== true) {
      kept.delete(oldest.value);
    }
  }
  kept.set(id, entry);
}
