// SPDX-License-Identifier: Apache-2.0
import { type Connection, Schema, type SchemaOptions } from 'mongoose';
import type { Anchor, BatchAhead } from './accessStore';
import type { IndexedFields } from './indexedFields';

/** One entry; `_id` is its position. The event itself is kept as JSON text, as the ledger gave it. */
export interface EntryDocument extends Omit<IndexedFields, 'at'> {
  readonly _id: number;
  readonly at: Date;
  readonly id: string;
  readonly lane: string;
  readonly number: number;
  readonly seq: number;
  readonly index: number;
  readonly block: number;
  readonly transactionId: string;
  readonly event: string;
  /**
   * Whether the list has it as an entry of its own. Only ever falls: once it belongs to another entry, it
   * stays there.
   */
  readonly listed: boolean;
  /** Positions of the events that are shown as this entry, rising. Only ever grows. */
  readonly members: readonly number[];
  /** Their number, by which a writer that knows fewer of them is refused. */
  readonly size: number;
}

/** How an amendment or a part is found; `_id` is its position. */
export interface LinkDocument {
  readonly _id: number;
  readonly key: string;
}

export interface CheckpointDocument {
  readonly _id: 'projection';
  readonly events: number;
  readonly block: number;
  readonly transactionId: string;
  readonly entries: number;
  /** A list, since a lane's name may hold characters that a field name may not. */
  readonly lanes: readonly {
    readonly lane: string;
    readonly nextSeq: number;
    readonly count: number;
    /** Absent in what an earlier version wrote. */
    readonly ahead?: readonly BatchAhead[];
  }[];
  readonly anchor?: Anchor;
}

/**
 * Unknown fields are refused in documents and in queries; nothing is created or queued behind the program's
 * back.
 */
const OPTIONS = {
  strict: 'throw',
  strictQuery: 'throw',
  versionKey: false,
  autoIndex: false,
  autoCreate: false,
  bufferCommands: false,
  id: false,
} satisfies SchemaOptions;

const text = { type: String, required: true } as const;
const whole = { type: Number, required: true, min: 0, validate: Number.isSafeInteger } as const;

const ENTRY_FIELDS = {
  _id: whole,
  subject: text,
  at: { type: Date, required: true },
  org: text,
  person: { type: String, default: null },
  purpose: text,
  outcome: { ...text, enum: ['permit', 'partial', 'deny'] },
  types: { type: [String], required: true },
  id: text,
  lane: text,
  number: whole,
  seq: whole,
  index: whole,
  block: whole,
  transactionId: text,
  event: text,
  listed: { type: Boolean, required: true },
  members: { type: [Number], required: true },
  size: whole,
};
const entrySchema = new Schema<EntryDocument>(ENTRY_FIELDS, { ...OPTIONS, collection: 'entries' });
/** A subject's list, newest first; one event by its address; a lane's ids. */
entrySchema.index({ subject: 1, listed: 1, _id: -1 }, { name: 'subject_shown' });
entrySchema.index({ lane: 1, number: 1 }, { name: 'address' });
entrySchema.index({ lane: 1, id: 1 }, { name: 'lane_id' });

const LINK_FIELDS = { _id: whole, key: text };
const linkSchema = new Schema<LinkDocument>(LINK_FIELDS, { ...OPTIONS, collection: 'links' });
linkSchema.index({ key: 1 }, { name: 'link_key' });

const AHEAD_FIELDS = { seq: whole, start: whole, count: whole, at: text };
const aheadSchema = new Schema(AHEAD_FIELDS, { ...OPTIONS, _id: false });
const LANE_FIELDS = {
  lane: text,
  nextSeq: whole,
  count: whole,
  ahead: { type: [aheadSchema], default: [] },
};
const laneSchema = new Schema(LANE_FIELDS, { ...OPTIONS, _id: false });
const ANCHOR_FIELDS = { block: whole, hash: text, origin: { type: String } };
const anchorSchema = new Schema(ANCHOR_FIELDS, { ...OPTIONS, _id: false });
const CHECKPOINT_FIELDS = {
  _id: { type: String, required: true, enum: ['projection'] },
  events: whole,
  block: whole,
  transactionId: text,
  entries: whole,
  lanes: { type: [laneSchema], required: true },
  anchor: { type: anchorSchema },
};
const checkpointSchema = new Schema<CheckpointDocument>(CHECKPOINT_FIELDS, {
  ...OPTIONS,
  collection: 'checkpoints',
});

export type ReadModelCollections = ReturnType<typeof readModelCollections>;

/** The models, with the types that mongoose infers. */
export function readModelCollections(connection: Connection) {
  return {
    entries: connection.model('Entry', entrySchema),
    links: connection.model('Link', linkSchema),
    checkpoints: connection.model('Checkpoint', checkpointSchema),
  };
}
