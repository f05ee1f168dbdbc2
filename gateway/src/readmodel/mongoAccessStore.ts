// SPDX-License-Identifier: Apache-2.0
import type { AccessEvent } from '@chartwitness/chaincode/domain';
import mongoose, { type Connection, type QueryFilter } from 'mongoose';
import {
  type AccessFilters,
  type AccessStore,
  type Checkpoint,
  type EntryPage,
  StoreConflictError,
  type StoredEntry,
  StoreUnavailableError,
  type VerifiedBatch,
} from './accessStore';
import { indexedFields, isIndexedAs } from './indexedFields';
import {
  type CheckpointDocument,
  type EntryDocument,
  type ReadModelCollections,
  readModelCollections,
} from './mongoSchemas';

/** How long a server is looked for, and how long one operation may take, where the connection string does not say. */
const FIND_SERVER_MS = 3000;
const OPERATION_MS = 15_000;
const DUPLICATE_KEY = 11_000;

/** What to do about the declared indexes: without them every page would read the whole collection. */
export type IndexDuty =
  /** Make what is missing; may take long on a large collection. */
  | 'build'
  /** Refuse to open when one is missing. */
  | 'check';

/** A declared index is not on the server. */
export class MissingIndexError extends Error {
  override readonly name = 'MissingIndexError';
}

/**
 * The read model on MongoDB. Needs no transactions and no change streams, so a single server or a compatible one serves too.
 * @param uri connection string with the database's name; its own `serverSelectionTimeoutMS` and `socketTimeoutMS` are kept.
 * @throws StoreUnavailableError when the server does not answer; {@link MissingIndexError}.
 */
export async function openMongoAccessStore(uri: string, indexes: IndexDuty): Promise<AccessStore> {
  const connection = mongoose.createConnection(uri, {
    ...unlessSaid(uri, 'serverSelectionTimeoutMS', FIND_SERVER_MS),
    ...unlessSaid(uri, 'socketTimeoutMS', OPERATION_MS),
    autoIndex: false,
    autoCreate: false,
    // What is acknowledged survives the loss of a server, and is on its disk.
    writeConcern: { w: 'majority', journal: true },
  });
  const collections = readModelCollections(connection);
  try {
    await attempt(async () => {
      await connection.asPromise();
      await (indexes === 'build' ? buildIndexes(collections) : checkIndexes(collections));
    });
  } catch (error) {
    await connection.close(true);
    throw error;
  }
  return new MongoAccessStore(connection, collections);
}

/** An option of the driver, which would otherwise prevail over the connection string. */
function unlessSaid(uri: string, name: string, value: number): Readonly<Record<string, number>> {
  return new RegExp(`[?&]${name}=`, 'i').test(uri) ? {} : { [name]: value };
}

async function buildIndexes({ entries }: ReadModelCollections): Promise<void> {
  await entries.createIndexes();
}

async function checkIndexes({ entries }: ReadModelCollections): Promise<void> {
  const present = new Set(await indexNames(entries));
  const missing = entries.schema
    .indexes()
    .flatMap(([, { name }]) => (present.has(String(name)) ? [] : [String(name)]));
  if (missing.length > 0) {
    throw new MissingIndexError(
      `the MongoDB read model lacks the index ${missing.join(', ')} on "entries": run "chartwitness readmodel indexes" with the same configuration, then start again`,
    );
  }
}

async function indexNames(entries: ReadModelCollections['entries']): Promise<readonly string[]> {
  const collections = await entries.db.listCollections();
  if (!collections.some(({ name }) => name === entries.collection.name)) {
    return [];
  }
  return (await entries.listIndexes()).map(({ name }) => String(name));
}

class MongoAccessStore implements AccessStore {
  readonly #connection: Connection;
  readonly #collections: ReadModelCollections;

  constructor(connection: Connection, collections: ReadModelCollections) {
    this.#connection = connection;
    this.#collections = collections;
  }

  checkpoint(): Promise<Checkpoint | undefined> {
    return attempt(async () => {
      const found = await this.#collections.checkpoints.findById('projection').lean();
      return found === null ? undefined : toCheckpoint(found);
    });
  }

  /** Entries first, the checkpoint last: it never covers an entry that is not there. */
  apply(batches: readonly VerifiedBatch[], checkpoint: Checkpoint): Promise<void> {
    return attempt(async () => {
      const documents = batches.flatMap(toDocuments);
      if (documents.length > 0) {
        await this.#insert(documents);
      }
      await this.#putCheckpoint(checkpoint);
    });
  }

  page(
    subject: string,
    filters: AccessFilters,
    before: number | undefined,
    limit: number,
  ): Promise<EntryPage> {
    return attempt(async () => {
      const found = await this.#collections.entries
        .find(criteria(subject, filters, before))
        .sort({ _id: -1 })
        .limit(limit + 1)
        .maxTimeMS(OPERATION_MS)
        .lean();
      return { entries: found.slice(0, limit).map(toEntry), more: found.length > limit };
    });
  }

  find(subject: string, id: string): Promise<StoredEntry | undefined> {
    return attempt(async () => {
      const [found] = await this.#collections.entries.find({ subject, id }).sort({ _id: 1 }).limit(1).lean();
      return found === undefined ? undefined : toEntry(found);
    });
  }

  count(subject: string): Promise<number> {
    return attempt(() => this.#collections.entries.countDocuments({ subject }).exec());
  }

  scan(position: number, limit: number): Promise<readonly StoredEntry[]> {
    return attempt(async () => {
      const found = await this.#collections.entries
        .find({ _id: { $gte: position } })
        .sort({ _id: 1 })
        .limit(limit)
        .lean();
      return found.flatMap((document) => {
        const entry = toEntry(document);
        return isIndexedAs({ ...document, at: document.at.getTime() }, entry.event) ? [entry] : [];
      });
    });
  }

  /** The checkpoint goes first: entries without it are completed by applying again, a checkpoint without entries would be a gap. */
  reset(): Promise<void> {
    return attempt(async () => {
      await this.#collections.checkpoints.deleteMany({});
      await this.#collections.entries.deleteMany({});
    });
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  /** What is there already counts as done, if it is the same. */
  async #insert(documents: readonly EntryDocument[]): Promise<void> {
    try {
      // Without `throwOnValidationError` an unordered insert would silently leave out what the schema refuses.
      await this.#collections.entries.insertMany(documents, { ordered: false, throwOnValidationError: true });
    } catch (error) {
      const taken = takenPositions(error);
      if (taken === undefined) {
        throw error;
      }
      await this.#requireSame(documents, taken);
    }
  }

  async #requireSame(documents: readonly EntryDocument[], taken: ReadonlySet<number>): Promise<void> {
    const wanted = documents.filter((_document, index) => taken.has(index));
    const found = await this.#collections.entries.find({ _id: { $in: wanted.map(({ _id }) => _id) } }).lean();
    const byPosition = new Map(found.map((document) => [document._id, document]));
    for (const document of wanted) {
      const other = byPosition.get(document._id);
      if (other?.transactionId !== document.transactionId || other.event !== document.event) {
        throw new StoreConflictError(`position ${String(document._id)} holds another entry than the ledger`);
      }
    }
  }

  /** Only ever forward: a checkpoint that is further, or as far, stays. */
  async #putCheckpoint(checkpoint: Checkpoint): Promise<void> {
    const { checkpoints } = this.#collections;
    const document = fromCheckpoint(checkpoint);
    const { _id, ...fields } = document;
    const change = fields.anchor === undefined ? { $set: fields, $unset: { anchor: 1 } } : { $set: fields };
    const moved = await checkpoints.updateOne({ _id, events: { $lt: fields.events } }, change);
    if (moved.matchedCount > 0 || (await checkpoints.exists({ _id })) !== null) {
      return;
    }
    try {
      await checkpoints.create([document]);
    } catch (error) {
      if (!isDuplicate(error)) {
        throw error;
      }
      // Another writer made it at this moment.
      await checkpoints.updateOne({ _id, events: { $lt: fields.events } }, change);
    }
  }
}

/** Errors of driver and connection mean that the server cannot serve now; all others are this program's own. */
async function attempt<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isOutage(error)) {
      throw new StoreUnavailableError(`MongoDB failed (${(error as Error).name})`, { cause: error });
    }
    throw error;
  }
}

const SYSTEM_ERROR = /^E[A-Z]+$/;

function isOutage(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return (
    error instanceof mongoose.mongo.MongoError ||
    error instanceof mongoose.Error.MongooseServerSelectionError ||
    // The driver lets the socket's own error through when the server ends a pooled connection (EPIPE, ECONNRESET).
    (typeof code === 'string' && SYSTEM_ERROR.test(code))
  );
}

function isDuplicate(error: unknown): boolean {
  return error instanceof mongoose.mongo.MongoServerError && error.code === DUPLICATE_KEY;
}

/** Indexes in the insert whose key was taken; `undefined` when anything else failed. */
function takenPositions(error: unknown): ReadonlySet<number> | undefined {
  if (!(error instanceof mongoose.mongo.MongoBulkWriteError)) {
    return undefined;
  }
  const failures = [error.writeErrors].flat();
  return failures.length > 0 &&
    error.result.getWriteConcernError() === undefined &&
    failures.every(({ code }) => code === DUPLICATE_KEY)
    ? new Set(failures.map(({ index }) => index))
    : undefined;
}

function criteria(
  subject: string,
  filters: AccessFilters,
  before: number | undefined,
): QueryFilter<EntryDocument> {
  const { from, to, orgs, user, purposes, outcomes, types } = filters;
  const at = {
    ...(from === undefined ? {} : { $gte: new Date(from) }),
    ...(to === undefined ? {} : { $lt: new Date(to) }),
  };
  return {
    subject,
    ...(before === undefined ? {} : { _id: { $lt: before } }),
    ...(Object.keys(at).length === 0 ? {} : { at }),
    ...(orgs === undefined ? {} : { org: { $in: [...orgs] } }),
    ...(user === undefined ? {} : { person: user }),
    ...(purposes === undefined ? {} : { purpose: { $in: [...purposes] } }),
    ...(outcomes === undefined ? {} : { outcome: { $in: [...outcomes] } }),
    ...(types === undefined ? {} : { types: { $in: [...types] } }),
  };
}

function toDocuments(batch: VerifiedBatch): readonly EntryDocument[] {
  const { lane, seq, block, transactionId, firstPosition, events } = batch;
  return events.map((event, index) => {
    const fields = indexedFields(event);
    return {
      ...fields,
      at: new Date(fields.at),
      _id: firstPosition + index,
      id: event.id,
      lane,
      seq,
      index,
      block,
      transactionId,
      event: JSON.stringify(event),
    };
  });
}

function toEntry(document: EntryDocument): StoredEntry {
  const { _id, lane, seq, index, block, transactionId } = document;
  return {
    position: _id,
    lane,
    seq,
    index,
    block,
    transactionId,
    event: JSON.parse(document.event) as AccessEvent,
  };
}

function toCheckpoint(document: CheckpointDocument): Checkpoint {
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
              ahead: ahead.map(({ seq, start, count: size }) => ({ seq, start, count: size })),
            },
      ]),
    ),
    ...(anchor === undefined ? {} : { anchor: { block: anchor.block, hash: anchor.hash } }),
  };
}

function fromCheckpoint(checkpoint: Checkpoint): CheckpointDocument {
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
