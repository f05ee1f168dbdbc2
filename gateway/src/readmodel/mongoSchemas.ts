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
  readonly seq: number;
  readonly index: number;
  readonly block: number;
  readonly transactionId: string;
  readonly event: string;
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

/** Unknown fields are refused in documents and in queries; nothing is created or queued behind the program's back. */
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
  seq: whole,
  index: whole,
  block: whole,
  transactionId: text,
  event: text,
};
const entrySchema = new Schema<EntryDocument>(ENTRY_FIELDS, { ...OPTIONS, collection: 'entries' });
/** A subject's list, newest first; one entry of it. */
entrySchema.index({ subject: 1, _id: -1 }, { name: 'subject_list' });
entrySchema.index({ subject: 1, id: 1 }, { name: 'subject_entry' });

const AHEAD_FIELDS = { seq: whole, start: whole, count: whole };
const aheadSchema = new Schema(AHEAD_FIELDS, { ...OPTIONS, _id: false });
const LANE_FIELDS = {
  lane: text,
  nextSeq: whole,
  count: whole,
  ahead: { type: [aheadSchema], default: [] },
};
const laneSchema = new Schema(LANE_FIELDS, { ...OPTIONS, _id: false });
const ANCHOR_FIELDS = { block: whole, hash: text };
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
    checkpoints: connection.model('Checkpoint', checkpointSchema),
  };
}
