// SPDX-License-Identifier: Apache-2.0
import { peer } from '@hyperledger/fabric-protos';
import { compareKeys } from '../protocol/keyOrder';
import type { NamespaceSet, RangeRead } from '../protocol/readWriteSet';
import { sameVersion, type Version } from '../protocol/version';
import type { StateReader } from '../store/stateReader';
import type { BlockUpdates } from './blockUpdates';

const { TxValidationCode } = peer;
const PAGE = 200;

/**
 * Serialisability: every key read must still have the version that was read, every scanned range the same
 * keys. Returns VALID, MVCC_READ_CONFLICT or PHANTOM_READ_CONFLICT.
 */
export function conflictOf(
  sets: readonly NamespaceSet[],
  updates: BlockUpdates,
  reader: StateReader,
): number {
  for (const set of sets) {
    if (!readsHold(set, updates, reader)) {
      return TxValidationCode.MVCC_READ_CONFLICT;
    }
    if (!set.ranges.every((range) => rangeHolds(set.namespace, range, updates, reader))) {
      return TxValidationCode.PHANTOM_READ_CONFLICT;
    }
    if (!hashedReadsHold(set, updates, reader)) {
      return TxValidationCode.MVCC_READ_CONFLICT;
    }
  }
  return TxValidationCode.VALID;
}

function readsHold(set: NamespaceSet, updates: BlockUpdates, reader: StateReader): boolean {
  return set.reads.every(
    ({ key, version }) =>
      updates.publicUpdate(set.namespace, key) === undefined &&
      sameVersion(reader.publicVersion(set.namespace, key), version),
  );
}

function hashedReadsHold(set: NamespaceSet, updates: BlockUpdates, reader: StateReader): boolean {
  return set.collections.every(({ name, reads }) =>
    reads.every(
      ({ keyHash, version }) =>
        !updates.writesHash(set.namespace, name, keyHash) &&
        sameVersion(reader.hashVersion(set.namespace, name, keyHash), version),
    ),
  );
}

function rangeHolds(
  namespace: string,
  range: RangeRead,
  updates: BlockUpdates,
  reader: StateReader,
): boolean {
  const current = currentRange(namespace, range, updates, reader);
  for (const read of range.reads) {
    const next = current.next();
    if (next.done === true || next.value.key !== read.key || !sameVersion(next.value.version, read.version)) {
      return false;
    }
  }
  return current.next().done === true;
}

/** The range as it is now: committed state with the block's earlier writes laid over it. */
function* currentRange(
  namespace: string,
  range: RangeRead,
  updates: BlockUpdates,
  reader: StateReader,
): Generator<{ key: string; version: Version }, undefined> {
  const written = updates.keysInRange(namespace, range.startKey, range.endKey, !range.exhausted);
  let at = 0;
  for (const entry of committedRange(namespace, range, reader)) {
    for (let key = written[at]; key !== undefined && compareKeys(key, entry.key) < 0; key = written[at]) {
      at += 1;
      const update = updates.publicUpdate(namespace, key);
      if (update?.value) {
        yield { key, version: update.version };
      }
    }
    if (updates.publicUpdate(namespace, entry.key) === undefined) {
      yield entry;
    }
  }
  for (const key of written.slice(at)) {
    const update = updates.publicUpdate(namespace, key);
    if (update?.value) {
      yield { key, version: update.version };
    }
  }
}

function* committedRange(
  namespace: string,
  range: RangeRead,
  reader: StateReader,
): Generator<{ key: string; version: Version }, undefined> {
  // An iterator that was not exhausted includes its end: the smallest string after a key is the key with a
  // NUL.
  const end = range.exhausted ? range.endKey : `${range.endKey}\u0000`;
  let start = range.startKey;
  for (;;) {
    const page = reader.publicRange(namespace, start, end, PAGE);
    yield* page;
    const last = page.at(-1);
    if (page.length < PAGE || !last) {
      return undefined;
    }
    start = `${last.key}\u0000`;
  }
}
