// SPDX-License-Identifier: Apache-2.0
import { MAX_BATCH_BYTES, MAX_BATCH_EVENTS, MAX_IN_FLIGHT } from '@chartwitness/chaincode/domain';
import { z } from 'zod';
import { DEFAULT_SOURCE_TIMEOUT_MS } from '../fhir/sources/sourceConnection';
import { SAMPLE_PATIENTS, type SamplePatient } from '../fhir/sources/sampleRecords';
import {
  defaultOf,
  describeLimit,
  LIMIT_SETTINGS,
  LIMIT_VARIABLES,
  type LimitVariable,
} from '../hospital/limitSettings';
import { DEFAULT_LIMITS } from '../recorder/limits';
import { DEFAULT_STALE_MS } from '../registry/rememberedAnswer';
import { absent, KIB, MIB, MIN_SECRET_BYTES, url, wholeNumber } from './forms';
import type { Variables } from './variable';

const DEFAULT_REGISTRY_MINUTES = DEFAULT_STALE_MS / 60_000;

const SAMPLE_PREFIX = 'sample:';

/** `sample`, `sample:<name>,…` or a URL. */
const upstreamForm = z.string().transform((value, context): UpstreamChoice => {
  if (value === 'sample') {
    return { kind: 'sample' };
  }
  if (value.startsWith(SAMPLE_PREFIX)) {
    const names = value.slice(SAMPLE_PREFIX.length).split(',');
    const unknown = names.filter((name) => !isSamplePatient(name));
    if (unknown.length > 0) {
      context.addIssue({
        code: 'custom',
        message: `there is no synthetic patient "${unknown.join('", "')}"`,
      });
      return z.NEVER;
    }
    return { kind: 'sample', patients: names.filter(isSamplePatient) };
  }
  const parsed = url.safeParse(value);
  if (!parsed.success) {
    context.addIssue({ code: 'custom', message: parsed.error.issues[0]?.message ?? 'is not a URL' });
    return z.NEVER;
  }
  return { kind: 'url', url: parsed.data };
});

type UpstreamChoice =
  | { readonly kind: 'sample'; readonly patients?: readonly SamplePatient[] }
  | { readonly kind: 'url'; readonly url: string };

function isSamplePatient(name: string): name is SamplePatient {
  return Object.hasOwn(SAMPLE_PATIENTS, name);
}

const timeout = z
  .string()
  .regex(/^\d{1,6}$/, 'must be a whole number')
  .transform(Number)
  .pipe(z.number().min(100).max(600_000));

/** The bounds of an access, from the table of the part that they bound. */
export const LIMIT_VARIABLES_OF_AN_ACCESS = Object.fromEntries(
  LIMIT_VARIABLES.map((name) => {
    const { minimum, maximum } = LIMIT_SETTINGS[name];
    return [name, { ...describeLimit(name), form: wholeNumber(minimum, maximum, defaultOf(name)) }];
  }),
) as Readonly<
  Record<
    LimitVariable,
    { readonly what: string; readonly example: string; readonly form: ReturnType<typeof wholeNumber> }
  >
>;

/** What the hospital role needs besides, but for the bounds of an access. */
export const HOSPITAL_VARIABLES = {
  GATEWAY_NAME: {
    what: 'name of this gateway in its lane, 1–32 of a–z, 0–9, -',
    example: 'emergency-ward',
    form: z.string().regex(/^[a-z0-9-]{1,32}$/, 'must be 1–32 of a–z, 0–9, -'),
  },
  EMERGENCY_WITHOUT_LEDGER: {
    what: 'what happens to break-glass when the ledger is away and the own peer cannot evaluate the consent: release (everything is given, recorded later) or refuse (503)',
    example: 'release',
    form: z.enum(['release', 'refuse']),
  },
  REGISTRY_REMEMBERED_MINUTES: {
    what: 'minutes for which clients and organisations as read last count while the ledger is away, also over a start, 1–10,080: so long break-glass works without it, and so long a client that was suspended meanwhile is not known to be',
    example: String(DEFAULT_REGISTRY_MINUTES),
    form: wholeNumber(1, 10_080, DEFAULT_REGISTRY_MINUTES),
  },
  ACCESS_DEADLINE_MS: {
    what: 'milliseconds after which an access that the ledger has not committed is refused (503), 1,000–600,000',
    example: String(DEFAULT_LIMITS.deadlineMs),
    form: wholeNumber(1_000, 600_000, DEFAULT_LIMITS.deadlineMs),
  },
  EMERGENCY_DEADLINE_MS: {
    what: 'the same for break-glass while the ledger is slow, 1,000–120,000',
    example: String(DEFAULT_LIMITS.emergencyWaitMs),
    form: wholeNumber(1_000, 120_000, DEFAULT_LIMITS.emergencyWaitMs),
  },
  LEDGER_AWAY_AFTER_MS: {
    what: 'milliseconds without a commit of what is under way after which the ledger counts as away, 500–60,000; more than a block takes',
    example: String(DEFAULT_LIMITS.awayAfterMs),
    form: wholeNumber(500, 60_000, DEFAULT_LIMITS.awayAfterMs),
  },
  OWN_PEER_WAIT_MS: {
    what: 'milliseconds in which the own peer must say what the consent permits while the ledger is away, 100–60,000',
    example: String(DEFAULT_LIMITS.evaluateMs),
    form: wholeNumber(100, 60_000, DEFAULT_LIMITS.evaluateMs),
  },
  MAX_ADMITTED: {
    what: 'requests that are served at once, shared by clients, 1–1,000,000',
    example: String(DEFAULT_LIMITS.maxAdmitted),
    form: wholeNumber(1, 1_000_000, DEFAULT_LIMITS.maxAdmitted),
  },
  MAX_ADMITTED_EMERGENCIES: {
    what: 'the same for break-glass, which has places of its own',
    example: String(DEFAULT_LIMITS.maxAdmittedEmergencies),
    form: wholeNumber(1, 1_000_000, DEFAULT_LIMITS.maxAdmittedEmergencies),
  },
  MAX_QUEUED: {
    what: 'accesses (parts, where one has several) that wait for the ledger, and as many of break-glass, 1–1,000,000; more are refused (503)',
    example: String(DEFAULT_LIMITS.maxQueued),
    form: wholeNumber(1, 1_000_000, DEFAULT_LIMITS.maxQueued),
  },
  MAX_QUEUED_MIB: {
    what: 'the same in MiB, 1–2,048',
    example: String(DEFAULT_LIMITS.maxQueuedBytes / MIB),
    form: wholeNumber(1, 2_048, DEFAULT_LIMITS.maxQueuedBytes / MIB),
  },
  MAX_BATCH_EVENTS: {
    what: `accesses in one ledger transaction, 1–${String(MAX_BATCH_EVENTS)}`,
    example: String(DEFAULT_LIMITS.maxBatchEvents),
    form: wholeNumber(1, MAX_BATCH_EVENTS, DEFAULT_LIMITS.maxBatchEvents),
  },
  MAX_BATCH_KIB: {
    // One event and the amendment that it may need always fit the least.
    what: `the same in KiB, 400–${String(MAX_BATCH_BYTES / KIB)}`,
    example: String(DEFAULT_LIMITS.maxBatchBytes / KIB),
    form: wholeNumber(400, MAX_BATCH_BYTES / KIB, DEFAULT_LIMITS.maxBatchBytes / KIB),
  },
  MAX_BATCHES_IN_FLIGHT: {
    what: `transactions of this lane that may be under way at once, 1–${String(MAX_IN_FLIGHT)}`,
    example: String(DEFAULT_LIMITS.maxInFlight),
    form: wholeNumber(1, MAX_IN_FLIGHT, DEFAULT_LIMITS.maxInFlight),
  },
  NEXT_BATCH_AT: {
    what: 'accesses that wait for each transaction under way before a further one goes out beside it, 1–100,000',
    example: String(DEFAULT_LIMITS.pipelineAt),
    form: wholeNumber(1, 100_000, DEFAULT_LIMITS.pipelineAt),
  },
  NEXT_BATCH_AFTER_MS: {
    what: 'or milliseconds that the oldest has waited, 1–60,000',
    example: String(DEFAULT_LIMITS.pipelineAfterMs),
    form: wholeNumber(1, 60_000, DEFAULT_LIMITS.pipelineAfterMs),
  },
  LEDGER_AWAY_FOR_MS: {
    what: 'milliseconds for which the ledger still counts as away after the last try, when nothing was tried since, 1,000–600,000',
    example: String(DEFAULT_LIMITS.awayMemoryMs),
    form: wholeNumber(1_000, 600_000, DEFAULT_LIMITS.awayMemoryMs),
  },
  STOP_WITHIN_MS: {
    what: 'milliseconds that a stop waits for accesses under way, 0–600,000; what is not on the ledger then is recorded after the next start',
    example: String(DEFAULT_LIMITS.drainMs),
    form: wholeNumber(0, 600_000, DEFAULT_LIMITS.drainMs),
  },
  PAGE_KEY_FILE: {
    what: `file with the key that seals next links, at least ${String(MIN_SECRET_BYTES)} bytes, the same at all gateways behind one BASE_URL and of this organisation alone; absent: page.key in DATA_DIR, made at first use, of this gateway alone`,
    example: '/run/secrets/page.key',
    form: absent,
  },
  UPSTREAM_FHIR_URL: {
    what: `base URL of the FHIR R4 server that holds the records; or "sample" for all synthetic patients, "sample:" and some of ${Object.keys(SAMPLE_PATIENTS).join(', ')} for these`,
    example: 'https://ehr.hospital.internal/fhir',
    form: upstreamForm,
  },
  UPSTREAM_TIMEOUT_MS: {
    what: 'milliseconds for one answer of the upstream server, 100–600,000',
    example: String(DEFAULT_SOURCE_TIMEOUT_MS),
    form: absent.pipe(timeout.optional()),
  },
  UPSTREAM_LABELS: {
    what: "where the upstream server tells its data's security labels: everywhere, reads (its searches may leave them out, so what they find is read again) or nowhere (data without a sensitivity label count as carrying every label)",
    example: 'reads',
    form: absent.pipe(z.enum(['everywhere', 'reads', 'nowhere']).optional()),
  },
  UPSTREAM_ALIASES: {
    what: 'other base URLs under which the upstream server writes its links and references, comma-separated; they are replaced by UPSTREAM_FHIR_URL',
    example: 'http://ehr-app-1.hospital.internal:8080/fhir',
    form: absent.pipe(
      z
        .string()
        .transform((value) => value.split(',').map((one) => one.trim()))
        .pipe(z.array(url))
        .optional(),
    ),
  },
  UPSTREAM_BEARER_TOKEN_FILE: {
    what: 'file with the Bearer token for the upstream FHIR server; read again when it changes and when the server refuses the token',
    example: '/run/secrets/upstream.token',
    form: absent,
  },
  UPSTREAM_CA_FILE: {
    what: "PEM file with the CA of the upstream server's TLS certificate; absent: the authorities that Node.js brings along",
    example: '/etc/chartwitness/ehr-ca.crt',
    form: absent,
  },
  UPSTREAM_CLIENT_CERT_FILE: {
    what: 'PEM file with the client certificate for mutual TLS with the upstream server',
    example: '/etc/chartwitness/ehr-client.crt',
    form: absent,
  },
  UPSTREAM_CLIENT_KEY_FILE: {
    what: 'PEM file with its key',
    example: '/run/secrets/ehr-client.key',
    form: absent,
  },
  DISCLOSURE: {
    what: 'hidden (withheld data look absent) or announced',
    example: 'hidden',
    form: z.enum(['hidden', 'announced']).default('hidden'),
  },
  TOKEN_ISSUER: {
    what: 'issuer of an external authorization server',
    example: 'https://login.hospital.example',
    form: absent.pipe(url.optional()),
  },
  TOKEN_JWKS_URL: {
    what: 'its JWKS URL',
    example: 'https://login.hospital.example/jwks',
    form: absent.pipe(z.url({ protocol: /^https?$/ }).optional()),
  },
} as const satisfies Variables;
