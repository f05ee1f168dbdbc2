// SPDX-License-Identifier: Apache-2.0
/**
 * The patient API's contract: the schemas validate on the server, parse answers in the portal, and make the
 * OpenAPI document. This file imports the schema library only, so that the browser can use it.
 */
import { z } from 'zod';

export const effect = z.enum(['permit', 'deny']);
export const action = z.enum(['create', 'read', 'update', 'delete', 'search']);
export const outcome = z.enum(['permit', 'partial', 'deny']);

export const consentRule = z
  .strictObject({
    id: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/),
    effect,
    org: z.string().min(1).max(128).optional(),
    user: z.string().min(1).max(256).optional(),
    role: z.string().min(1).max(128).optional(),
    purposes: z.array(z.string().min(1).max(64)).min(1).max(50).optional(),
    labels: z.array(z.string().min(1).max(256)).min(1).max(50).optional(),
    types: z.array(z.string().min(1).max(64)).min(1).max(150).optional(),
    actions: z.array(action).min(1).max(5).optional(),
    period: z
      .strictObject({ start: z.string().max(40).optional(), end: z.string().max(40).optional() })
      .optional(),
    holdsInEmergency: z.boolean().optional(),
  })
  .meta({ id: 'ConsentRule' });

export const consentPolicy = z
  .strictObject({ rules: z.array(consentRule).max(200), default: effect })
  .meta({ id: 'ConsentPolicy' });

/** The consent as answered; version 0 with the network's default policy when none is on file. */
export const consentDocument = z
  .strictObject({
    subject: z.string(),
    version: z.int().min(0),
    rules: z.array(consentRule),
    default: effect,
  })
  .meta({ id: 'Consent' });

/**
 * Accepted by PUT: the policy, or a whole document as read (its `subject` and `version` must then be the
 * caller's own and the If-Match version).
 */
export const consentInput = z
  .strictObject({
    subject: z.string().optional(),
    version: z.int().min(0).optional(),
    rules: z.array(consentRule).max(200),
    default: effect,
  })
  .meta({ id: 'ConsentInput' });

export const basis = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('rule'), version: z.int(), rule: z.string() }),
    z.strictObject({ kind: z.literal('default'), version: z.int() }),
    z.strictObject({ kind: z.literal('networkDefault'), rule: z.string().optional() }),
    z.strictObject({
      kind: z.literal('emergency'),
      version: z.int().nullable(),
      rule: z.string().optional(),
    }),
    z.strictObject({ kind: z.literal('unreached') }),
    z.strictObject({
      kind: z.literal('refused'),
      reason: z.enum([
        'emergencyIncomplete',
        'organisationUnknown',
        'organisationSuspended',
        'clientUnknown',
        'clientSuspended',
      ]),
    }),
  ])
  .meta({ id: 'Basis' });

export const accessItem = z
  .strictObject({
    type: z.string(),
    labels: z.array(z.string()),
    count: z.int().min(0),
    ids: z.array(z.string()),
    /** How many more were decided on but not given by this answer. */
    further: z.int().min(1).optional(),
    /**
     * Whether the item left, where the release was decided before its record; else what `decision` says left.
     */
    released: z.boolean().optional(),
    /** What the rules say. What left is `released` where it is given. */
    decision: effect,
    basis,
    /**
     * In an emergency: what all rules say, with those that an emergency passes over. `rule` is absent where
     * their default decides.
     */
    otherwise: z.strictObject({ decision: effect, rule: z.string().optional() }).optional(),
    /** Which part of the request recorded it, where several did. */
    part: z.int().min(1).optional(),
  })
  .meta({ id: 'AccessItem' });

/** Where the ledger holds an event. */
export const ledgerPlace = z
  .strictObject({
    lane: z.string(),
    /** Index of the event in its lane, from 0. */
    number: z.int().min(0),
    /** Batch of the lane, and index in it. */
    seq: z.int(),
    index: z.int(),
    transactionId: z.string(),
    block: z.int(),
  })
  .meta({ id: 'LedgerPlace' });

/**
 * `releasedLate`: data left before the access was recorded. `nothingGiven`: a permitted release never took
 * place.
 */
export const amendmentReason = z.enum(['releasedLate', 'nothingGiven']);

export const accessEntry = z
  .strictObject({
    /**
     * The entry's address, opaque: `GET /api/v1/accesses/{id}`. It stays the same for as long as the ledger
     * exists.
     */
    id: z.string(),
    /** When it was recorded. The list is in this order, and `from` and `to` go by it. */
    at: z.iso.datetime(),
    /**
     * When it was asked for, as the holder states it; given where `late`. What was released then left within
     * seconds. It may be days before `at`, or another day's.
     */
    requestedAt: z.iso.datetime().optional(),
    /** MSP id of the organisation that holds the record; its name is in `me.organisations`. */
    holder: z.string(),
    requester: z.strictObject({
      organisation: z.strictObject({ mspId: z.string(), name: z.string() }),
      person: z.strictObject({ id: z.string(), name: z.string(), role: z.string() }).nullable(),
      clientId: z.string(),
    }),
    purpose: z.string(),
    action,
    /** What left: `permit` all of it, `deny` nothing. */
    outcome,
    /** What the rules say of it; given where that differs from what left. */
    ruled: outcome.optional(),
    emergency: z.strictObject({ reason: z.string() }).nullable(),
    /** Whether data left before this was recorded. */
    late: z.boolean(),
    /**
     * By what such a release was decided: the holder's own peer read the consent, or nobody could and the
     * hospital chose to release.
     */
    lateBasis: z.enum(['ownPeer', 'deployment']).optional(),
    items: z.array(accessItem),
    ledger: ledgerPlace,
    /**
     * Given where a later entry on the ledger corrects this one: everything above is as corrected, `before`
     * as first recorded.
     */
    corrected: z
      .strictObject({
        at: z.iso.datetime(),
        why: amendmentReason,
        /** Address of the amendment itself. */
        id: z.string(),
        before: z.strictObject({ outcome, late: z.boolean(), items: z.array(accessItem) }),
      })
      .optional(),
    /**
     * Given where several events record one request: shown as one entry, with the items of all parts. Fewer
     * than `of` are listed while some have not been recorded. Each `id` answers that part alone, the first
     * one the whole.
     */
    parts: z
      .strictObject({
        of: z.int().min(2),
        recorded: z.array(z.strictObject({ number: z.int().min(1), id: z.string(), ledger: ledgerPlace })),
      })
      .optional(),
    /**
     * Given where this is one part alone, asked for by its own address: which of how many, and the whole's
     * address.
     */
    partOf: z.strictObject({ number: z.int().min(1), of: z.int().min(2), id: z.string() }).optional(),
    /**
     * Given where this is an amendment alone: asked for by its own address, or one whose entry is not there
     * or does not fit it.
     */
    amends: z.strictObject({ id: z.string(), why: amendmentReason }).optional(),
  })
  .meta({ id: 'AccessEntry' });

export const accessList = z
  .strictObject({ items: z.array(accessEntry), next: z.string().nullable() })
  .meta({ id: 'AccessList' });

/**
 * Query of `GET /api/v1/accesses`, and body of `POST /api/v1/accesses/search`. `from` inclusive, `to`
 * exclusive, both of the time of the record (`at`). `org` (MSP id), `purpose`, `outcome` and `type` (FHIR
 * type) take several values, repeated or comma-separated; `user` is one person's identifier. All are compared
 * exactly.
 */
export const accessQuery = z.strictObject({
  from: z.iso.datetime({ offset: true }).optional(),
  to: z.iso.datetime({ offset: true }).optional(),
  org: z.string().max(1000).optional(),
  user: z.string().max(256).optional(),
  purpose: z.string().max(1000).optional(),
  outcome: z
    .string()
    .regex(/^(permit|partial|deny)(,(permit|partial|deny))*$/, 'expected permit, partial or deny')
    .optional(),
  type: z.string().max(1000).optional(),
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

/** Query of `GET /api/v1/consent/history`. */
export const pageQuery = z.strictObject({
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(500).optional(),
});

/**
 * Query of `POST /api/v1/consent/preview`: `limit` counts replayed accesses, `from` (inclusive) leaves out
 * older ones.
 */
export const previewQuery = pageQuery.extend({ from: z.iso.datetime({ offset: true }).optional() });

export const consentVersion = z
  .strictObject({ at: z.iso.datetime(), consent: consentDocument })
  .meta({ id: 'ConsentVersion' });
/** Newest first. */
export const consentHistory = z
  .strictObject({ items: z.array(consentVersion), next: z.string().nullable() })
  .meta({ id: 'ConsentHistory' });

export const previewChange = z
  .strictObject({
    access: accessEntry,
    /**
     * How the rules that hold now decide such an access; not how it ended when it was made, which is in
     * `access`.
     */
    standing: outcome,
    /** How the draft would decide it. */
    outcome,
    /**
     * `before` by the rules that hold now, `after` by the draft; `count` and `further` as in the entry's
     * items.
     */
    items: z.array(
      z.strictObject({
        type: z.string(),
        count: z.int(),
        further: z.int().optional(),
        before: effect,
        after: effect,
      }),
    ),
  })
  .meta({ id: 'PreviewChange' });
/**
 * Only accesses that the draft decides otherwise than the consent on file (`version`) does; `considered`
 * counts the replayed ones.
 */
export const consentPreview = z
  .strictObject({
    items: z.array(previewChange),
    version: z.int(),
    considered: z.int(),
    since: z.iso.datetime().nullable(),
    next: z.string().nullable(),
  })
  .meta({ id: 'ConsentPreview' });

/** Where the caller's list stands. */
export const listPosition = z
  .strictObject({
    /** The list reflects the ledger up to and including this block; null before the first. */
    block: z.int().nullable(),
    /** Blocks on the ledger, as last seen; null while the ledger is away. */
    height: z.int().nullable(),
    /**
     * `incomplete`: as far as the ledger reaches, but entries of the holders in `missing` may not have been
     * recorded.
     */
    state: z.enum(['catchingUp', 'live', 'incomplete', 'stale', 'halted']),
    checkedAt: z.iso.datetime().nullable(),
    /**
     * Holders (MSP id) whose record of accesses has had a gap for too long, and since when. Given where there
     * are any.
     */
    missing: z.array(z.strictObject({ holder: z.string(), since: z.iso.datetime() })).optional(),
  })
  .meta({ id: 'ListPosition' });

/**
 * `shared`: each organisation keeps a copy of the ledger on a peer of its own. `single`: one process keeps it
 * for all of them.
 */
export const ledgerKeeping = z.enum(['shared', 'single']).meta({ id: 'LedgerKeeping' });

export const me = z
  .strictObject({
    subject: z.string(),
    name: z.string(),
    username: z.string().nullable(),
    /** Token to send as `X-CSRF-Token` with writes; null for callers with a Bearer token. */
    csrfToken: z.string().nullable(),
    /** When the session ends; null for callers with a Bearer token. */
    sessionExpiresAt: z.iso.datetime().nullable(),
    /**
     * Wrong passwords tried at this account in the last 30 days, other than the patient's own slips; null for
     * none, and for callers with a Bearer token.
     */
    failedSignIns: z.strictObject({ count: z.int(), since: z.iso.datetime() }).nullable(),
    organisations: z.array(
      z.strictObject({ mspId: z.string(), name: z.string(), role: z.enum(['holder', 'trustee']) }),
    ),
    list: listPosition,
    ledger: ledgerKeeping,
  })
  .meta({ id: 'Me' });

/** RFC 9457. */
export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string().optional(),
    requestId: z.string(),
  })
  .meta({ id: 'Problem' });

export type ConsentRule = z.infer<typeof consentRule>;
export type ConsentPolicy = z.infer<typeof consentPolicy>;
export type ConsentDocument = z.infer<typeof consentDocument>;
export type ConsentInput = z.infer<typeof consentInput>;
export type Basis = z.infer<typeof basis>;
export type LedgerPlace = z.infer<typeof ledgerPlace>;
export type AccessItem = z.infer<typeof accessItem>;
export type AccessEntry = z.infer<typeof accessEntry>;
export type AccessList = z.infer<typeof accessList>;
export type AccessQuery = z.infer<typeof accessQuery>;
export type ConsentHistory = z.infer<typeof consentHistory>;
export type ConsentPreview = z.infer<typeof consentPreview>;
export type ListPosition = z.infer<typeof listPosition>;
export type LedgerKeeping = z.infer<typeof ledgerKeeping>;
export type Me = z.infer<typeof me>;
export type Problem = z.infer<typeof problem>;
