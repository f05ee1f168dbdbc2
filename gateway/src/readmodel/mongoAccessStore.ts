// SPDX-License-Identifier: Apache-2.0
import mongoose, { type Connection, type QueryFilter } from 'mongoose';
import {
  type AccessFilters,
  type AccessStore,
  type Checkpoint,
  type EntryAddress,
  type EntryPage,
  type FoundEntry,
  type ShownEntry,
  StoreConflictError,
  type StoredEntry,
  StoreUnavailableError,
  type VerifiedBatch,
} from './accessStore';
import { EntryGroups, type Wants } from './entryGroups';
import { fromCheckpoint, isListedAs, toCheckpoint, toDocument, toEntry, toLink } from './mongoDocuments';
import { buildIndexes, checkIndexes, type IndexDuty } from './mongoIndexes';
import {
  type EntryDocument,
  type LinkDocument,
  type ReadModelCollections,
  readModelCollections,
} from './mongoSchemas';
import { entriesOf, type Listing, listingOf, shownEntry } from './shownEntry';

/**
 * How long a server is looked for, and how long one operation may take, where the connection string does not
 * say.
 */
const FIND_SERVER_MS = 3000;
const OPERATION_MS = 15_000;
const DUPLICATE_KEY = 11_000;

/**
 * The read model on MongoDB. Needs no transactions and no change streams, so a single server or a compatible
 * one serves too.
 * @param uri connection string with the database's name; its own `serverSelectionTimeoutMS` and
 *   `socketTimeoutMS` are kept.
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

  /**
   * Entries first, then what they change of others, the checkpoint last: it never covers an entry that is not
   * there.
   */
  apply(batches: readonly VerifiedBatch[], checkpoint: Checkpoint): Promise<void> {
    return attempt(async () => {
      const entries = batches.flatMap(entriesOf);
      if (entries.length > 0) {
        await this.#insert(entries.map(toDocument));
        await this.#insertLinks(entries.flatMap(toLink));
        // Of what is there already as well: a writer that ended in between may not have come so far.
        for (const group of await this.#groupsAround(entries)) {
          await this.#putListing(listingOf(group));
        }
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
      return { entries: await this.#shown(found.slice(0, limit)), more: found.length > limit };
    });
  }

  find(subject: string, { lane, number }: EntryAddress): Promise<FoundEntry | undefined> {
    return attempt(async () => {
      const found = await this.#collections.entries.findOne({ lane, number, subject }).lean();
      if (found === null) {
        return undefined;
      }
      const entry = toEntry(found);
      const group = (await this.#groupsAround([entry])).find((members) =>
        members.some(({ position }) => position === entry.position),
      );
      return { entry, shown: shownEntry(group ?? [entry]) };
    });
  }

  numbersOf(lane: string, ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return attempt(async () => {
      const found = await this.#collections.entries
        .find({ lane, id: { $in: [...ids] } }, { id: 1, number: 1 })
        .lean();
      return new Map(found.map(({ id, number }) => [id, number]));
    });
  }

  count(subject: string): Promise<number> {
    return attempt(() => this.#collections.entries.countDocuments({ subject, listed: true }).exec());
  }

  scan(position: number, limit: number): Promise<readonly StoredEntry[]> {
    return attempt(async () => {
      const found = await this.#collections.entries
        .find({ _id: { $gte: position } })
        .sort({ _id: 1 })
        .limit(limit)
        .lean();
      const entries = found.map(toEntry);
      const groups = await this.#groupsAround(entries);
      const members = await this.#documentsAt(groups.flat().map((entry) => entry.position));
      const right = new Set(
        groups.flatMap((group) =>
          isListedAs(listingOf(group), members) ? group.map((entry) => entry.position) : [],
        ),
      );
      return entries.filter((entry) => right.has(entry.position));
    });
  }

  /**
   * The checkpoint goes first: entries without it are completed by applying again, a checkpoint without
   * entries would be a gap.
   */
  reset(): Promise<void> {
    return attempt(async () => {
      await this.#collections.checkpoints.deleteMany({});
      await this.#collections.entries.deleteMany({});
      await this.#collections.links.deleteMany({});
    });
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  /** What is there already counts as done, if it is the same. */
  async #insert(documents: readonly EntryDocument[]): Promise<void> {
    try {
      // Without `throwOnValidationError` an unordered insert would silently leave out what the schema
      // refuses.
      await this.#collections.entries.insertMany(documents, { ordered: false, throwOnValidationError: true });
    } catch (error) {
      const taken = takenPositions(error);
      if (taken === undefined) {
        throw error;
      }
      await this.#requireSame(documents, taken);
    }
  }

  /** A link's place says all of it, so one that is there already is the same. */
  async #insertLinks(documents: readonly LinkDocument[]): Promise<void> {
    if (documents.length === 0) {
      return;
    }
    try {
      await this.#collections.links.insertMany(documents, { ordered: false, throwOnValidationError: true });
    } catch (error) {
      if (takenPositions(error) === undefined) {
        throw error;
      }
    }
  }

  /**
   * An entry is inserted as standing for itself, so only a group of several has anything to write. Two
   * writers may do this at once: the one that knows more of the group wins, not the later one.
   */
  async #putListing({ position, members, fields }: Listing): Promise<void> {
    const size = members.length;
    if (size === 1) {
      return;
    }
    const { entries } = this.#collections;
    await entries.updateOne(
      { _id: position, size: { $lt: size } },
      { $set: { ...fields, at: new Date(fields.at), types: [...fields.types], members: [...members], size } },
    );
    await entries.updateMany(
      { _id: { $in: members.filter((member) => member !== position) } },
      { $set: { listed: false } },
    );
  }

  async #groupsAround(entries: readonly StoredEntry[]): Promise<readonly (readonly StoredEntry[])[]> {
    const search = new EntryGroups(entries);
    for (let wants = search.wants(); wants !== undefined; wants = search.wants()) {
      search.learn(await this.#lookUp(wants));
    }
    return search.groups();
  }

  async #lookUp({ addresses, links }: Wants): Promise<readonly StoredEntry[]> {
    const linked =
      links.length === 0 ? [] : await this.#collections.links.find({ key: { $in: [...links] } }).lean();
    const at =
      addresses.length === 0
        ? []
        : await this.#collections.entries
            .find({ $or: addresses.map(({ lane, number }) => ({ lane, number })) })
            .lean();
    return [...at, ...(await this.#documentsAt(linked.map(({ _id }) => _id))).values()].map(toEntry);
  }

  /** By position. */
  async #documentsAt(positions: readonly number[]): Promise<ReadonlyMap<number, EntryDocument>> {
    if (positions.length === 0) {
      return new Map();
    }
    const found = await this.#collections.entries.find({ _id: { $in: [...positions] } }).lean();
    return new Map(found.map((document) => [document._id, document]));
  }

  async #shown(documents: readonly EntryDocument[]): Promise<readonly ShownEntry[]> {
    const grouped = documents.filter(({ size }) => size > 1);
    const members = await this.#documentsAt(grouped.flatMap((document) => document.members));
    return documents.map((document) =>
      document.size === 1
        ? toEntry(document)
        : shownEntry(
            document.members.flatMap((position) => {
              const member = members.get(position);
              return member === undefined ? [] : [toEntry(member)];
            }),
          ),
    );
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

/**
 * Errors of driver and connection mean that the server cannot serve now; all others are this program's own.
 */
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
    // The driver lets the socket's own error through when the server ends a pooled connection (EPIPE,
    // ECONNRESET).
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
    listed: true,
    ...(before === undefined ? {} : { _id: { $lt: before } }),
    ...(Object.keys(at).length === 0 ? {} : { at }),
    ...(orgs === undefined ? {} : { org: { $in: [...orgs] } }),
    ...(user === undefined ? {} : { person: user }),
    ...(purposes === undefined ? {} : { purpose: { $in: [...purposes] } }),
    ...(outcomes === undefined ? {} : { outcome: { $in: [...outcomes] } }),
    ...(types === undefined ? {} : { types: { $in: [...types] } }),
  };
}
