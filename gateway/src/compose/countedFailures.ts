// SPDX-License-Identifier: Apache-2.0
import type { Metrics } from '../http/metrics';
import { StoreUnavailableError } from '../readmodel/accessStore';
import type { SqlDatabase } from '../sqlite/openDatabase';
import { isStorageFailure } from '../sqlite/storageFailure';

/**
 * A store whose failures are counted: a disk that is full or failing, a file that is locked, a server that
 * does not answer. What a store refuses by its rules is no failure. Everything else is as it was.
 */
export function countedFailures<Store extends object>(
  store: Store,
  onFailure: (error: unknown) => void,
): Store {
  const note = (error: unknown): never => {
    if (error instanceof StoreUnavailableError || isStorageFailure(error)) {
      onFailure(error);
    }
    throw error;
  };
  return new Proxy(store, {
    get: (target, property) => {
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== 'function') {
        return member;
      }
      return (...given: unknown[]): unknown => {
        try {
          const answer: unknown = Reflect.apply(member, target, given);
          return answer instanceof Promise ? answer.catch(note) : answer;
        } catch (error) {
          return note(error);
        }
      };
    },
  });
}

/** A database whose failures are counted, and those of its prepared statements. */
export function countedDatabase(database: SqlDatabase, onFailure: (error: unknown) => void): SqlDatabase {
  const counted = countedFailures(database, onFailure);
  return new Proxy(counted, {
    get: (target, property) =>
      property === 'prepare'
        ? (sql: string) => countedFailures(target.prepare(sql), onFailure)
        : (Reflect.get(target, property) as unknown),
  });
}

/** The counter of failures by store. @returns what counts one. */
export function addStoreFailures<Store extends string>(
  metrics: Pick<Metrics, 'counter'>,
  stores: readonly Store[],
): (store: Store) => void {
  return metrics.counter(
    'chartwitness_store_failures_total',
    'Calls of a store that could not be served: disk full or failing, file locked, server away',
    'store',
    stores,
  );
}
