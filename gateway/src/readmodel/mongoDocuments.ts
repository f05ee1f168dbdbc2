// SPDX-License-Identifier: Apache-2.0
import type { AccessEvent } from '@chartwitness/chaincode/domain';
import type { Anchor, Checkpoint, StoredEntry } from './accessStore';
import { linkKey } from './entryGroups';
import { indexedFields, isIndexedAs } from './indexedFields';
import type { CheckpointDocument, EntryDocument, LinkDocument } from './mongoSchemas';
import type { Listing } from './shownEntry';

export function toDocument(entry: StoredEntry): EntryDocument {
  const { position, event, ...place } = entry;
  const fields = indexedFields(event);
  return {
    ...place,
    ...fields,
    at: new Date(fields.at),
    _id: position,
    id: event.id,
    event: JSON.stringify(event),
    listed: true,
    members: [position],
    size: 1,
  };
}

export function toLink(entry: StoredEntry): readonly LinkDocument[] {
  const key = linkKey(entry);
  return key === undefined ? [] : [{ _id: entry.position, key }];
}

/** Whether the documents show a group as one entry that says what it should, and none of its other events. */
export function isListedAs(
  { position, members, fields }: Listing,
  documents: ReadonlyMap<number, EntryDocument>,
): boolean {
  return members.every((member) => {
    const document = documents.get(member);
    if (document === undefined || member !== position) {
      return document?.listed === false;
    }
    return (
      document.listed &&
      document.members.join() === members.join() &&
      isIndexedAs({ ...document, at: document.at.getTime() }, fields)
    );
  });
}

export function toEntry(document: EntryDocument): StoredEntry {
  const { _id, lane, number, seq, index, block, transactionId } = document;
  return {
    position: _id,
    lane,
    number,
    seq,
    index,
    block,
    transactionId,
    event: JSON.parse(document.event) as AccessEvent,
  };
}

export function toCheckpoint(document: CheckpointDocument): Checkpoint {
  const { events, block, transactionId, entries, lanes, anchor } = document;
  return {
    events,
    block,
    transactionId,
    entries,
    lanes: Object.fromEntries(
      lanes.map(({ lane, nextSeq, count, ahead = [] }) => [
        lane,
        ahead.length === 0
          ? { nextSeq, count }
          : {
              nextSeq,
              count,
              ahead: ahead.map(({ seq, start, count: size, at }) => ({ seq, start, count: size, at })),
            },
      ]),
    ),
    ...(anchor === undefined ? {} : { anchor: anchorOf(anchor) }),
  };
}

/** The plain anchor, without what the database adds to it. */
function anchorOf({ block, hash, origin }: Anchor): Anchor {
  return { block, hash, ...(origin === undefined ? {} : { origin }) };
}

export function fromCheckpoint(checkpoint: Checkpoint): CheckpointDocument {
  const { events, block, transactionId, entries, lanes, anchor } = checkpoint;
  return {
    _id: 'projection',
    events,
    block,
    transactionId,
    entries,
    lanes: Object.entries(lanes).map(([lane, { nextSeq, count, ahead = [] }]) => ({
      lane,
      nextSeq,
      count,
      ahead,
    })),
    ...(anchor === undefined ? {} : { anchor }),
  };
}
