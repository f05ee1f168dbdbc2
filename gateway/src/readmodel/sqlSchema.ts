// SPDX-License-Identifier: Apache-2.0

/**
 * `entry` is written in ledger order, so its inserts append. `subject_entry` is the patients' index: one
 * subject's entries lie side by side, newest last, with everything that a filter asks, so that a page touches
 * no row that it does not return. It has a row for each entry that the list shows; `members` are the
 * positions of the events that are shown as this one, where they are several. `link` finds them.
 */
export const MIGRATIONS = [
  `CREATE TABLE batch (
     first INTEGER PRIMARY KEY, lane TEXT NOT NULL, seq INTEGER NOT NULL, start INTEGER NOT NULL, size INTEGER NOT NULL,
     block INTEGER NOT NULL, tx TEXT NOT NULL,
     UNIQUE (lane, seq)
   ) STRICT;
   CREATE INDEX batch_start ON batch (lane, start);
   CREATE TABLE entry (
     position INTEGER PRIMARY KEY, batch INTEGER NOT NULL REFERENCES batch (first), id TEXT NOT NULL, event TEXT NOT NULL
   ) STRICT;
   CREATE INDEX entry_id ON entry (id, position);
   CREATE TABLE subject_entry (
     subject TEXT NOT NULL, position INTEGER NOT NULL, at INTEGER NOT NULL, org TEXT NOT NULL, person TEXT,
     purpose TEXT NOT NULL, outcome TEXT NOT NULL, types TEXT NOT NULL, members TEXT,
     PRIMARY KEY (subject, position)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE link (
     key TEXT NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (key, position)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE checkpoint (
     one INTEGER PRIMARY KEY CHECK (one = 1), events INTEGER NOT NULL, block INTEGER NOT NULL, tx TEXT NOT NULL,
     entries INTEGER NOT NULL, lanes TEXT NOT NULL, anchor TEXT
   ) STRICT;`,
];

/**
 * The subjects' index is written all over: with the default cache of 2 MiB most pages are read and written
 * again and again (measured with a million entries: twice the throughput with 64 MiB, and a WAL that is
 * copied back every 32 MiB).
 */
export const TUNING = 'PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 8000;';
