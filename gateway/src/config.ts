// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { DomainError, type IdentifierSystem, IDENTIFIER_FORMS } from '@chartwitness/chaincode/domain';
import { DEFAULT_SOURCE_TIMEOUT_MS } from './fhir/sourceConnection';
import { SAMPLE_PATIENTS, type SamplePatient } from './fhir/sampleRecords';
import type { AccessLimits } from './hospital/limits';
import {
  contradictions,
  defaultOf,
  describeLimit,
  LIMIT_SETTINGS,
  LIMIT_VARIABLES,
  type LimitVariable,
  limitsOf,
} from './hospital/limitSettings';
import { DEFAULT_LIMITS, type RecorderLimits } from './recorder/limits';
import type { LabelTrust } from './fhir/upstream';
import { readIdentifierSystems } from './subjects/identifierText';
import { identifierTable } from './subjects/networkTable';

/** Every problem of a configuration at once, each with its variable, what was expected and an example. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(
      `The configuration has ${String(problems.length)} problem(s):\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
    );
    this.problems = problems;
  }
}

/** A secret that cannot be printed by accident: JSON and string forms say `[secret]`. */
export class Secret {
  readonly #bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }
  reveal(): Uint8Array {
    return this.#bytes;
  }
  toJSON(): string {
    return '[secret]';
  }
  toString(): string {
    return '[secret]';
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;
/** Reads a file; injected so that parsing stays pure in tests. */
export type ReadFile = (path: string) => Uint8Array;
/** A file's mode, as `stat` gives it; injected for the same reason. @throws Error with a `code` when there is no such file. */
export type ReadMode = (path: string) => number;

const modeOf: ReadMode = (path) => statSync(path).mode;
/** Permissions of anybody but the owner. */
const OTHERS = 0o077;

const MIN_SECRET_BYTES = 32;
const MIB = 1024 * 1024;

type Described = Readonly<{ what: string; example: string }>;

function describedLimits(): Readonly<Record<LimitVariable, Described>> {
  return Object.fromEntries(LIMIT_VARIABLES.map((name) => [name, describeLimit(name)])) as Record<
    LimitVariable,
    Described
  >;
}

/** What the variables mean; the example is shown with every complaint about one. */
const VARIABLES = {
  HOST: { what: 'address to listen on', example: '127.0.0.1' },
  PORT: { what: 'TCP port to listen on, 0–65535 (0: a free one)', example: '8443' },
  BASE_URL: {
    what: 'URL under which callers reach this service, without a slash at its end',
    example: 'https://gateway.hospital.example',
  },
  DATA_DIR: { what: 'folder for keys and stores; made when missing', example: '/var/lib/chartwitness' },
  LOG_LEVEL: { what: 'one of fatal, error, warn, info, debug, trace', example: 'info' },
  CONSORTIUM_KEY_FILE: {
    what: `file with the key from which subject pseudonyms are made, at least ${String(MIN_SECRET_BYTES)} bytes, the same at every organisation`,
    example: '/run/secrets/consortium.key',
  },
  FABRIC_PEER_ENDPOINT: {
    what: "host:port of the organisation's Fabric peer",
    example: 'peer0.hospital.example:7051',
  },
  FABRIC_CHANNEL: { what: 'channel name', example: 'chartwitness' },
  FABRIC_CHAINCODE: { what: 'chaincode name', example: 'provenance' },
  FABRIC_MSP_ID: { what: "the organisation's MSP id", example: 'NorthHospitalMSP' },
  FABRIC_CERT_FILE: {
    what: 'PEM file with the X.509 certificate that signs transactions',
    example: '/etc/chartwitness/gateway.crt',
  },
  FABRIC_KEY_FILE: {
    what: 'PEM file with its private key; not with the FABRIC_HSM_ variables',
    example: '/run/secrets/gateway.key',
  },
  FABRIC_HSM_LIBRARY: {
    what: 'absolute path of the PKCS#11 module, when the private key is in a hardware security module instead of FABRIC_KEY_FILE',
    example: '/usr/lib/softhsm/libsofthsm2.so',
  },
  FABRIC_HSM_TOKEN: {
    what: 'label of the PKCS#11 token that holds the private key',
    example: 'chartwitness',
  },
  FABRIC_HSM_PIN_FILE: {
    what: "file with the token's user PIN, readable by its owner alone (mode 600)",
    example: '/run/secrets/hsm.pin',
  },
  FABRIC_HSM_KEY_ID: {
    what: "CKA_ID of the private key, hexadecimal; absent: the certificate's subject key identifier, as Fabric's tools set it",
    example: '5a3f09c2',
  },
  FABRIC_TLS_CA_FILE: {
    what: "PEM file with the CA of the peer's TLS certificate",
    example: '/etc/chartwitness/tls-ca.crt',
  },
  FABRIC_CLIENT_TLS_CERT_FILE: {
    what: 'PEM file with the client certificate for mutual TLS',
    example: '/etc/chartwitness/client.crt',
  },
  FABRIC_CLIENT_TLS_KEY_FILE: { what: 'PEM file with its key', example: '/run/secrets/client.key' },
  FABRIC_ORDERER_ENDPOINTS: {
    what: "host:port of the channel's orderers, comma-separated, for when the own peer reaches none; absent: the peer alone hands transactions on",
    example: 'orderer0.consortium.example:7050,orderer1.consortium.example:7050',
  },
  FABRIC_ORDERER_TLS_CA_FILE: {
    what: "PEM file with the CAs of the orderers' TLS certificates",
    example: '/etc/chartwitness/orderer-tls-ca.crt',
  },
  GATEWAY_NAME: { what: 'name of this gateway in its lane, 1–32 of a–z, 0–9, -', example: 'emergency-ward' },
  EMERGENCY_WITHOUT_LEDGER: {
    what: 'what happens to break-glass when the ledger is away and the own peer cannot evaluate the consent: release (everything is given, recorded later) or refuse (503)',
    example: 'release',
  },
  ACCESS_DEADLINE_MS: {
    what: 'milliseconds after which an access that the ledger has not committed is refused (503), 1,000–600,000',
    example: String(DEFAULT_LIMITS.deadlineMs),
  },
  EMERGENCY_DEADLINE_MS: {
    what: 'the same for break-glass while the ledger is slow, 1,000–120,000',
    example: String(DEFAULT_LIMITS.emergencyWaitMs),
  },
  LEDGER_AWAY_AFTER_MS: {
    what: 'milliseconds without a commit of what is under way after which the ledger counts as away, 500–60,000; more than a block takes',
    example: String(DEFAULT_LIMITS.awayAfterMs),
  },
  OWN_PEER_WAIT_MS: {
    what: 'milliseconds in which the own peer must say what the consent permits while the ledger is away, 100–60,000',
    example: String(DEFAULT_LIMITS.evaluateMs),
  },
  MAX_ADMITTED: {
    what: 'requests that are served at once, shared by clients, 1–1,000,000',
    example: String(DEFAULT_LIMITS.maxAdmitted),
  },
  MAX_ADMITTED_EMERGENCIES: {
    what: 'the same for break-glass, which has places of its own',
    example: String(DEFAULT_LIMITS.maxAdmittedEmergencies),
  },
  MAX_QUEUED: {
    what: 'accesses (parts, where one has several) that wait for the ledger, and as many of break-glass, 1–1,000,000; more are refused (503)',
    example: String(DEFAULT_LIMITS.maxQueued),
  },
  MAX_QUEUED_MIB: {
    what: 'the same in MiB, 1–2,048',
    example: String(DEFAULT_LIMITS.maxQueuedBytes / MIB),
  },
  ...describedLimits(),
  PAGE_KEY_FILE: {
    what: `file with the key that seals next links, at least ${String(MIN_SECRET_BYTES)} bytes, the same at all gateways behind one BASE_URL and of this organisation alone; absent: page.key in DATA_DIR, made at first use, of this gateway alone`,
    example: '/run/secrets/page.key',
  },
  UPSTREAM_FHIR_URL: {
    what: `base URL of the FHIR R4 server that holds the records; or "sample" for all synthetic patients, "sample:" and some of ${Object.keys(SAMPLE_PATIENTS).join(', ')} for these`,
    example: 'https://ehr.hospital.internal/fhir',
  },
  UPSTREAM_LABELS: {
    what: "where the upstream server tells its data's security labels: everywhere, reads (its searches may leave them out, so what they find is read again) or nowhere (data without a sensitivity label count as carrying every label)",
    example: 'reads',
  },
  UPSTREAM_ALIASES: {
    what: 'other base URLs under which the upstream server writes its links and references, comma-separated; they are replaced by UPSTREAM_FHIR_URL',
    example: 'http://ehr-app-1.hospital.internal:8080/fhir',
  },
  UPSTREAM_BEARER_TOKEN_FILE: {
    what: 'file with the Bearer token for the upstream FHIR server; read again when it changes and when the server refuses the token',
    example: '/run/secrets/upstream.token',
  },
  UPSTREAM_TIMEOUT_MS: {
    what: 'milliseconds for one answer of the upstream server, 100–600,000',
    example: String(DEFAULT_SOURCE_TIMEOUT_MS),
  },
  UPSTREAM_CA_FILE: {
    what: "PEM file with the CA of the upstream server's TLS certificate; absent: the authorities that Node.js brings along",
    example: '/etc/chartwitness/ehr-ca.crt',
  },
  UPSTREAM_CLIENT_CERT_FILE: {
    what: 'PEM file with the client certificate for mutual TLS with the upstream server',
    example: '/etc/chartwitness/ehr-client.crt',
  },
  UPSTREAM_CLIENT_KEY_FILE: {
    what: 'PEM file with its key',
    example: '/run/secrets/ehr-client.key',
  },
  SUBJECT_IDENTIFIER_SYSTEMS: {
    what: `the network's identifier systems in its order, exactly as the ledger's settings have them, separated by semicolons; each: <form> <uri> [<alias uri> …], the form one of ${IDENTIFIER_FORMS.join(', ')}`,
    example: 'us-ssn http://hl7.org/fhir/sid/us-ssn urn:oid:2.16.840.1.113883.4.1',
  },
  DISCLOSURE: { what: 'hidden (withheld data look absent) or announced', example: 'hidden' },
  TOKEN_ISSUER: {
    what: 'issuer of an external authorization server',
    example: 'https://login.hospital.example',
  },
  TOKEN_JWKS_URL: { what: 'its JWKS URL', example: 'https://login.hospital.example/jwks' },
  PORTAL_OIDC_ISSUER: {
    what: 'issuer of an external OpenID provider for patients',
    example: 'https://login.example.gov',
  },
  PORTAL_OIDC_CLIENT_ID: { what: 'client id of the portal there', example: 'chartwitness-portal' },
  PORTAL_OIDC_CLIENT_SECRET_FILE: {
    what: 'file with its client secret',
    example: '/run/secrets/oidc.secret',
  },
  PORTAL_OIDC_SYSTEM: {
    what: 'which of SUBJECT_IDENTIFIER_SYSTEMS the subject claim is an identifier of',
    example: 'http://hl7.org/fhir/sid/us-ssn',
  },
  PORTAL_OIDC_JWKS_URL: {
    what: 'JWKS URL of its access tokens, so that apps may call the API; absent: sessions only',
    example: 'https://login.example.gov/jwks',
  },
  TRUSTED_PROXIES: {
    what: 'how many reverse proxies stand before this service, 0–10 (0: callers reach it themselves); limits count the address that the outermost of them reports',
    example: '1',
  },
  ANONYMOUS_REQUESTS_A_MINUTE: {
    what: 'requests of one address (IPv6: one /64) that does not authenticate; default 600 at a hospital, 300 at the trustee',
    example: '600',
  },
  CALLER_REQUESTS_A_MINUTE: {
    what: 'requests of one client application, or of one patient; default 60000 at a hospital, 1200 at the trustee',
    example: '60000',
  },
  OPERATIONS_HOST: {
    what: 'address of the listener for /metrics and the detailed /readyz, which callers must not reach',
    example: '127.0.0.1',
  },
  OPERATIONS_PORT: {
    what: 'its TCP port, 0–65535 (0: a free one); default 9464 at a hospital, 9465 at the trustee',
    example: '9464',
  },
  APPS_FILE: {
    what: 'JSON file with the public client apps that patients may use',
    example: '/etc/chartwitness/apps.json',
  },
  MONGODB_URI: {
    what: 'MongoDB connection string of the read model; absent: the embedded store',
    example: 'mongodb://127.0.0.1:27017/chartwitness',
  },
} as const;

export type VariableName = keyof typeof VARIABLES;

const url = z
  .url({ protocol: /^https?$/ })
  .refine((value) => !value.endsWith('/'), 'must not end with a slash');
const absent = z.preprocess((value) => (value === '' ? undefined : value), z.string().optional());

const endpoint = z.string().regex(/^[^\s:/,]+:\d{1,5}$/, 'must be host:port');

const fabricShape = {
  FABRIC_PEER_ENDPOINT: absent.pipe(endpoint.optional()),
  FABRIC_CHANNEL: z.string().min(1).default('chartwitness'),
  FABRIC_CHAINCODE: z.string().min(1).default('provenance'),
  FABRIC_MSP_ID: z.string().regex(/^[A-Za-z0-9.-]{1,64}$/, 'must be an MSP id'),
  FABRIC_CERT_FILE: absent,
  FABRIC_KEY_FILE: absent,
  FABRIC_HSM_LIBRARY: absent.pipe(z.string().refine(isAbsolute, 'must be an absolute path').optional()),
  // A token's label has 32 bytes, filled with blanks.
  FABRIC_HSM_TOKEN: absent.pipe(
    z
      .string()
      .regex(/^\S(.{0,30}\S)?$/, 'must be a label of 1–32 characters without blanks at its ends')
      .optional(),
  ),
  FABRIC_HSM_PIN_FILE: absent,
  FABRIC_HSM_KEY_ID: absent.pipe(
    z
      .string()
      .regex(/^([0-9a-fA-F]{2})+$/, 'must be bytes in hexadecimal')
      .transform((value) => Uint8Array.from(Buffer.from(value, 'hex')))
      // The fabric-gateway client takes such an id for none at all.
      .refine(
        (id) => Buffer.from(id).toString().trim() !== '',
        'is of white space alone as text, which the Fabric client refuses; give the key another CKA_ID',
      )
      .optional(),
  ),
  FABRIC_TLS_CA_FILE: absent,
  FABRIC_CLIENT_TLS_CERT_FILE: absent,
  FABRIC_CLIENT_TLS_KEY_FILE: absent,
  FABRIC_ORDERER_ENDPOINTS: absent.pipe(
    z
      .string()
      .transform((value) => value.split(',').map((one) => one.trim()))
      .pipe(z.array(endpoint))
      .optional(),
  ),
  FABRIC_ORDERER_TLS_CA_FILE: absent,
} as const;

const port = z
  .string()
  .regex(/^\d{1,5}$/, 'must be a number')
  .transform(Number)
  .pipe(z.number().max(65_535));
const requestsAMinute = absent.pipe(
  z
    .string()
    .regex(/^[1-9]\d{0,6}$/, 'must be a number from 1 to 9999999')
    .transform(Number)
    .optional(),
);
/** The table in the operators' text form; says what is wrong with it. */
const identifierSystemsForm = z.string().transform((value, context): readonly IdentifierSystem[] => {
  try {
    return readIdentifierSystems(value);
  } catch (error) {
    if (!(error instanceof DomainError)) {
      throw error;
    }
    context.addIssue({ code: 'custom', message: error.message });
    return z.NEVER;
  }
});

const commonShape = {
  ...fabricShape,
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: port,
  // No default: behind a proxy a wrong number counts all callers as one, and before none it believes what callers write.
  TRUSTED_PROXIES: z
    .string()
    .regex(/^(\d|10)$/, 'must be a number from 0 to 10')
    .transform(Number),
  ANONYMOUS_REQUESTS_A_MINUTE: requestsAMinute,
  CALLER_REQUESTS_A_MINUTE: requestsAMinute,
  OPERATIONS_HOST: z.string().min(1).default('127.0.0.1'),
  OPERATIONS_PORT: absent.pipe(port.optional()),
  BASE_URL: url,
  DATA_DIR: z.string().min(1),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info'),
  CONSORTIUM_KEY_FILE: z.string().min(1),
  SUBJECT_IDENTIFIER_SYSTEMS: identifierSystemsForm,
} as const;

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

/** A whole number within bounds; `fallback` when it is not set. */
function wholeNumber(minimum: number, maximum: number, fallback: number) {
  return absent
    .transform((text) => text ?? String(fallback))
    .pipe(z.string().regex(/^\d{1,7}$/, 'must be a whole number'))
    .transform(Number)
    .pipe(z.number().min(minimum).max(maximum));
}

function limitShape(): Record<LimitVariable, ReturnType<typeof wholeNumber>> {
  return Object.fromEntries(
    LIMIT_VARIABLES.map((name) => {
      const { minimum, maximum } = LIMIT_SETTINGS[name];
      return [name, wholeNumber(minimum, maximum, defaultOf(name))];
    }),
  ) as Record<LimitVariable, ReturnType<typeof wholeNumber>>;
}

const timeout = z
  .string()
  .regex(/^\d{1,6}$/, 'must be a whole number')
  .transform(Number)
  .pipe(z.number().min(100).max(600_000));

const hospitalShape = z.object({
  ...commonShape,
  ...limitShape(),
  GATEWAY_NAME: z.string().regex(/^[a-z0-9-]{1,32}$/, 'must be 1–32 of a–z, 0–9, -'),
  EMERGENCY_WITHOUT_LEDGER: z.enum(['release', 'refuse']),
  ACCESS_DEADLINE_MS: wholeNumber(1_000, 600_000, DEFAULT_LIMITS.deadlineMs),
  EMERGENCY_DEADLINE_MS: wholeNumber(1_000, 120_000, DEFAULT_LIMITS.emergencyWaitMs),
  LEDGER_AWAY_AFTER_MS: wholeNumber(500, 60_000, DEFAULT_LIMITS.awayAfterMs),
  OWN_PEER_WAIT_MS: wholeNumber(100, 60_000, DEFAULT_LIMITS.evaluateMs),
  MAX_ADMITTED: wholeNumber(1, 1_000_000, DEFAULT_LIMITS.maxAdmitted),
  MAX_ADMITTED_EMERGENCIES: wholeNumber(1, 1_000_000, DEFAULT_LIMITS.maxAdmittedEmergencies),
  MAX_QUEUED: wholeNumber(1, 1_000_000, DEFAULT_LIMITS.maxQueued),
  MAX_QUEUED_MIB: wholeNumber(1, 2_048, DEFAULT_LIMITS.maxQueuedBytes / MIB),
  PAGE_KEY_FILE: absent,
  UPSTREAM_FHIR_URL: upstreamForm,
  UPSTREAM_TIMEOUT_MS: absent.pipe(timeout.optional()),
  UPSTREAM_LABELS: absent.pipe(z.enum(['everywhere', 'reads', 'nowhere']).optional()),
  UPSTREAM_ALIASES: absent.pipe(
    z
      .string()
      .transform((value) => value.split(',').map((one) => one.trim()))
      .pipe(z.array(url))
      .optional(),
  ),
  UPSTREAM_BEARER_TOKEN_FILE: absent,
  UPSTREAM_CA_FILE: absent,
  UPSTREAM_CLIENT_CERT_FILE: absent,
  UPSTREAM_CLIENT_KEY_FILE: absent,
  DISCLOSURE: z.enum(['hidden', 'announced']).default('hidden'),
  TOKEN_ISSUER: absent.pipe(url.optional()),
  TOKEN_JWKS_URL: absent.pipe(z.url({ protocol: /^https?$/ }).optional()),
});

const mongodbUri = z.string().regex(/^mongodb(\+srv)?:\/\//, 'must start with mongodb:// or mongodb+srv://');

const trusteeShape = z.object({
  ...commonShape,
  PORTAL_OIDC_ISSUER: absent.pipe(url.optional()),
  PORTAL_OIDC_CLIENT_ID: absent,
  PORTAL_OIDC_CLIENT_SECRET_FILE: absent,
  PORTAL_OIDC_SYSTEM: absent,
  PORTAL_OIDC_JWKS_URL: absent.pipe(z.url({ protocol: /^https?$/ }).optional()),
  APPS_FILE: absent,
  MONGODB_URI: absent.pipe(mongodbUri.optional()),
});

const appsFile = z.array(
  z.strictObject({
    clientId: z.string().min(1).max(128),
    name: z.string().min(1).max(200),
    redirectUris: z.array(z.url()).min(1),
    scope: z.string().min(1),
  }),
);
export type PublicApp = z.infer<typeof appsFile>[number];

/** How to reach a real Fabric peer. */
export interface PeerConfig {
  readonly endpoint: string;
  readonly certificatePem: string;
  readonly signingKey: SigningKeyConfig;
  readonly tls: NodeTls | undefined;
  /** Absent: only the peer hands transactions to the orderers. */
  readonly orderers: { readonly endpoints: readonly string[]; readonly tls: NodeTls } | undefined;
}

/** Where the certificate's private key is. */
export type SigningKeyConfig =
  | { readonly kind: 'file'; readonly privateKeyPem: Secret }
  | {
      readonly kind: 'hsm';
      /** Path of the PKCS#11 module. */
      readonly library: string;
      readonly token: string;
      readonly pin: Secret;
      /** CKA_ID; absent: the certificate's subject key identifier. */
      readonly keyId: Uint8Array | undefined;
    };

/** How a Fabric node proves itself, and what it is shown. */
export interface NodeTls {
  readonly rootCertificates: Uint8Array;
  readonly clientCertificate?: Uint8Array;
  readonly clientKey?: Secret;
}

/** Which channel and chaincode, as which organisation. */
export interface ChannelConfig {
  readonly mspId: string;
  readonly channel: string;
  readonly chaincode: string;
}

/** What a command needs that only talks to a peer. */
export interface LedgerConfig extends ChannelConfig {
  readonly peer: PeerConfig;
}

interface CommonConfig extends ChannelConfig {
  readonly host: string;
  readonly port: number;
  readonly baseUrl: string;
  readonly dataDir: string;
  readonly logLevel: string;
  readonly consortiumKey: Secret;
  /** Reverse proxies before this service. */
  readonly trustedProxies: number;
  /** Requests a minute; absent: the role's defaults. */
  readonly requestLimits: { readonly anonymous: number | undefined; readonly caller: number | undefined };
  /** Where operators read metrics and detailed readiness; no port: the role's own. */
  readonly operations: { readonly host: string; readonly port: number | undefined };
  /** As the ledger's settings have them; compared at start. */
  readonly subjectIdentifierSystems: readonly IdentifierSystem[];
  /** Absent: the embedded ledger is started in this process. */
  readonly peer: PeerConfig | undefined;
}

/** A FHIR server that holds the records. */
export interface UpstreamServerConfig {
  readonly kind: 'url';
  readonly url: string;
  readonly labels: LabelTrust;
  /** Other base URLs of the same server. */
  readonly aliases: readonly string[];
  /** For one answer, in milliseconds. */
  readonly timeoutMs: number;
  /** Read while the gateway runs. */
  readonly bearerTokenFile: string | undefined;
  readonly ca: Uint8Array | undefined;
  readonly clientCertificate: Uint8Array | undefined;
  readonly clientKey: Secret | undefined;
}

export interface HospitalConfig extends CommonConfig {
  readonly gatewayName: string;
  /** The deployment's choice for emergencies on which neither the ledger nor the own peer has a word. */
  readonly emergencyWithoutLedger: 'release' | 'refuse';
  readonly recorderLimits: Partial<RecorderLimits>;
  readonly accessLimits: AccessLimits;
  /** Seals next links; absent: this gateway keeps one of its own. */
  readonly pageKey: Secret | undefined;
  readonly upstream:
    | {
        readonly kind: 'sample';
        /** Absent: all of them, under the ids of their files. Present: these, under ids of this organisation's own. */
        readonly patients?: readonly SamplePatient[];
      }
    | UpstreamServerConfig;
  readonly disclosure: 'hidden' | 'announced';
  readonly externalIssuer: { readonly issuer: string; readonly jwksUrl: string } | undefined;
}

export interface TrusteeConfig extends CommonConfig {
  readonly externalOpenId:
    | {
        readonly issuer: string;
        readonly clientId: string;
        readonly clientSecret: Secret;
        readonly identifierSystem: string;
        readonly jwksUrl: string | undefined;
      }
    | undefined;
  readonly apps: readonly PublicApp[];
  readonly mongodbUri: string | undefined;
}

/** Collects problems while files are read, so that all are reported together. */
class Reader {
  readonly problems: string[] = [];
  readonly #readFile: ReadFile;
  readonly #readMode: ReadMode;
  constructor(readFile: ReadFile, readMode: ReadMode = modeOf) {
    this.#readFile = readFile;
    this.#readMode = readMode;
  }

  complain(variable: VariableName, problem: string): void {
    const { what, example } = VARIABLES[variable];
    this.problems.push(`${variable}: ${problem}. Expected: ${what}. Example: ${variable}=${example}`);
  }

  bytes(variable: VariableName, path: string | undefined, minimum = 1): Uint8Array {
    if (path === undefined) {
      this.complain(variable, 'is not set');
      return new Uint8Array();
    }
    try {
      const bytes = this.#readFile(path);
      if (bytes.length < minimum) {
        this.complain(
          variable,
          `the file holds ${String(bytes.length)} bytes, fewer than ${String(minimum)}`,
        );
      }
      return bytes;
    } catch (error) {
      this.complain(variable, `the file cannot be read (${errorCode(error)})`);
      return new Uint8Array();
    }
  }

  /** Nothing when it cannot be read: whoever needs the file complains. */
  quietly(path: string): Uint8Array {
    try {
      return this.#readFile(path);
    } catch {
      return new Uint8Array();
    }
  }

  text(variable: VariableName, path: string | undefined): string {
    return new TextDecoder().decode(this.bytes(variable, path));
  }

  secret(variable: VariableName, path: string | undefined, minimum = 1): Secret {
    return new Secret(this.bytes(variable, path, minimum));
  }

  /** A secret that its owner alone may read, without the line break that editors put at its end. */
  ownSecret(variable: VariableName, path: string | undefined): Secret {
    const bytes = this.bytes(variable, path);
    if (path === undefined || bytes.length === 0) {
      return new Secret(bytes);
    }
    const others = this.#modeOf(variable, path) & OTHERS;
    if (others !== 0) {
      this.complain(variable, `the file is not its owner's alone; run: chmod 600 ${path}`);
    }
    const text = new TextDecoder().decode(bytes).replace(/\r?\n$/, '');
    if (text === '') {
      this.complain(variable, 'the file holds an empty line only');
    }
    return new Secret(new TextEncoder().encode(text));
  }

  /** A file that something else will read. */
  existing(variable: VariableName, path: string | undefined): void {
    if (path !== undefined) {
      this.#modeOf(variable, path);
    }
  }

  /** 0 after a complaint. */
  #modeOf(variable: VariableName, path: string): number {
    try {
      return this.#readMode(path);
    } catch (error) {
      this.complain(variable, `the file cannot be looked at (${errorCode(error)})`);
      return 0;
    }
  }

  together(values: Readonly<Partial<Record<VariableName, string | undefined>>>): boolean {
    const names = Object.keys(values) as VariableName[];
    const set = names.filter((name) => values[name] !== undefined);
    for (const name of names) {
      if (set.length > 0 && values[name] === undefined) {
        this.complain(name, `is not set although ${set.join(', ')} is`);
      }
    }
    return set.length === names.length;
  }
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'error';
}

function parseShape<T>(schema: z.ZodType<T>, environment: Environment, reader: Reader): T | undefined {
  const parsed = schema.safeParse(environment);
  if (parsed.success) {
    return parsed.data;
  }
  for (const issue of parsed.error.issues) {
    const name = String(issue.path[0]);
    if (name in VARIABLES) {
      const variable = name as VariableName;
      reader.complain(variable, environment[variable] === undefined ? 'is not set' : issue.message);
    }
  }
  checkFiles(environment, reader);
  return undefined;
}

const LONG_SECRETS: readonly VariableName[] = ['CONSORTIUM_KEY_FILE', 'PAGE_KEY_FILE'];

/** Reads the files of a configuration that is refused anyway, so that their problems are in the same report. */
function checkFiles(environment: Environment, reader: Reader): void {
  for (const name of Object.keys(VARIABLES) as VariableName[]) {
    const path = environment[name];
    if (path === undefined || path === '') {
      continue;
    }
    if (name === 'FABRIC_HSM_PIN_FILE') {
      reader.ownSecret(name, path);
    } else if (name.endsWith('_FILE')) {
      reader.bytes(name, path, LONG_SECRETS.includes(name) ? MIN_SECRET_BYTES : 1);
    }
  }
}

type CommonValues = z.infer<z.ZodObject<typeof commonShape>>;
type FabricValues = z.infer<z.ZodObject<typeof fabricShape>>;

function peerOf(values: FabricValues, reader: Reader): PeerConfig | undefined {
  if (values.FABRIC_PEER_ENDPOINT === undefined) {
    return undefined;
  }
  const shown = clientTlsOf(values, reader);
  const tlsFrom = (variable: 'FABRIC_TLS_CA_FILE' | 'FABRIC_ORDERER_TLS_CA_FILE'): NodeTls => ({
    rootCertificates: reader.bytes(variable, values[variable]),
    ...shown,
  });
  const { FABRIC_ORDERER_ENDPOINTS: endpoints } = values;
  // Orderers are other organisations' machines: never without TLS.
  reader.together({
    FABRIC_ORDERER_ENDPOINTS: endpoints?.join(','),
    FABRIC_ORDERER_TLS_CA_FILE: values.FABRIC_ORDERER_TLS_CA_FILE,
  });
  return {
    endpoint: values.FABRIC_PEER_ENDPOINT,
    certificatePem: reader.text('FABRIC_CERT_FILE', values.FABRIC_CERT_FILE),
    signingKey: signingKeyOf(values, reader),
    tls: values.FABRIC_TLS_CA_FILE === undefined ? undefined : tlsFrom('FABRIC_TLS_CA_FILE'),
    orderers:
      endpoints === undefined || values.FABRIC_ORDERER_TLS_CA_FILE === undefined
        ? undefined
        : { endpoints, tls: tlsFrom('FABRIC_ORDERER_TLS_CA_FILE') },
  };
}

/** The key file, or the PKCS#11 token: one of them, and wholly. */
function signingKeyOf(values: FabricValues, reader: Reader): SigningKeyConfig {
  const {
    FABRIC_KEY_FILE: file,
    FABRIC_HSM_LIBRARY: library,
    FABRIC_HSM_TOKEN: token,
    FABRIC_HSM_PIN_FILE: pinFile,
    FABRIC_HSM_KEY_ID: keyId,
  } = values;
  const set = Object.entries(values).filter(
    ([name, value]) => name.startsWith('FABRIC_HSM_') && value !== undefined,
  );
  const names = set.map(([name]) => name).join(', ');
  if (set.length === 0) {
    return { kind: 'file', privateKeyPem: reader.secret('FABRIC_KEY_FILE', file) };
  }
  if (file !== undefined) {
    reader.complain('FABRIC_KEY_FILE', `is set although ${names} says that the key is in a PKCS#11 token`);
  }
  for (const name of ['FABRIC_HSM_LIBRARY', 'FABRIC_HSM_TOKEN'] as const) {
    if (values[name] === undefined) {
      reader.complain(name, `is not set although ${names} is`);
    }
  }
  reader.existing('FABRIC_HSM_LIBRARY', library);
  const pin = reader.ownSecret('FABRIC_HSM_PIN_FILE', pinFile);
  return { kind: 'hsm', library: library ?? '', token: token ?? '', pin, keyId };
}

/** The certificate that nodes are shown, if there is one. */
function clientTlsOf(values: FabricValues, reader: Reader): Pick<NodeTls, 'clientCertificate' | 'clientKey'> {
  const mutual = reader.together({
    FABRIC_CLIENT_TLS_CERT_FILE: values.FABRIC_CLIENT_TLS_CERT_FILE,
    FABRIC_CLIENT_TLS_KEY_FILE: values.FABRIC_CLIENT_TLS_KEY_FILE,
  });
  return mutual
    ? {
        clientCertificate: reader.bytes('FABRIC_CLIENT_TLS_CERT_FILE', values.FABRIC_CLIENT_TLS_CERT_FILE),
        clientKey: reader.secret('FABRIC_CLIENT_TLS_KEY_FILE', values.FABRIC_CLIENT_TLS_KEY_FILE),
      }
    : {};
}

function commonOf(values: CommonValues, reader: Reader): CommonConfig {
  return {
    host: values.HOST,
    port: values.PORT,
    baseUrl: values.BASE_URL,
    dataDir: values.DATA_DIR,
    logLevel: values.LOG_LEVEL,
    consortiumKey: reader.secret('CONSORTIUM_KEY_FILE', values.CONSORTIUM_KEY_FILE, MIN_SECRET_BYTES),
    trustedProxies: values.TRUSTED_PROXIES,
    requestLimits: { anonymous: values.ANONYMOUS_REQUESTS_A_MINUTE, caller: values.CALLER_REQUESTS_A_MINUTE },
    operations: { host: values.OPERATIONS_HOST, port: values.OPERATIONS_PORT },
    subjectIdentifierSystems: values.SUBJECT_IDENTIFIER_SYSTEMS,
    ...channelOf(values),
    peer: peerOf(values, reader),
  };
}

function channelOf(values: FabricValues): ChannelConfig {
  return {
    mspId: values.FABRIC_MSP_ID,
    channel: values.FABRIC_CHANNEL,
    chaincode: values.FABRIC_CHAINCODE,
  };
}

/**
 * The configuration of a command that only talks to the organisation's peer: the FABRIC_ variables, of which the peer's endpoint must be
 * set here.
 * @throws {@link ConfigError} with every problem found.
 */
export function parseLedgerConfig(
  environment: Environment,
  readFile: ReadFile = readFileSync,
  readMode: ReadMode = modeOf,
): LedgerConfig {
  const reader = new Reader(readFile, readMode);
  const values = parseShape(z.object(fabricShape), environment, reader);
  const peer = values === undefined ? undefined : peerOf(values, reader);
  if (isAbsent(environment['FABRIC_PEER_ENDPOINT'])) {
    reader.complain('FABRIC_PEER_ENDPOINT', 'is not set');
  }
  if (values === undefined || peer === undefined) {
    throw new ConfigError(reader.problems);
  }
  return finish({ ...channelOf(values), peer }, reader);
}

/**
 * The folder of a role's own data, for commands that need nothing else.
 * @throws {@link ConfigError} when it is not set.
 */
export function parseDataDir(environment: Environment): string {
  const { DATA_DIR } = environment;
  if (DATA_DIR === undefined || DATA_DIR === '') {
    const reader = new Reader(readFileSync);
    reader.complain('DATA_DIR', 'is not set');
    throw new ConfigError(reader.problems);
  }
  return DATA_DIR;
}

/**
 * The network's identifier systems, for commands that need nothing else.
 * @throws {@link ConfigError} when they are not set or cannot be understood.
 */
export function parseIdentifierSystemsVariable(environment: Environment): readonly IdentifierSystem[] {
  const reader = new Reader(readFileSync);
  const shape = z.object({ SUBJECT_IDENTIFIER_SYSTEMS: identifierSystemsForm });
  const values = parseShape(
    shape,
    { SUBJECT_IDENTIFIER_SYSTEMS: environment['SUBJECT_IDENTIFIER_SYSTEMS'] },
    reader,
  );
  return finish({ systems: values?.SUBJECT_IDENTIFIER_SYSTEMS ?? [] }, reader).systems;
}

/**
 * The MongoDB connection string, for commands that are told to use it.
 * @throws {@link ConfigError} when it is not set or is none.
 */
export function parseMongodbUri(environment: Environment): string {
  const reader = new Reader(readFileSync);
  const values = parseShape(z.object({ MONGODB_URI: mongodbUri }), environment, reader);
  return finish({ uri: values?.MONGODB_URI ?? '' }, reader).uri;
}

function isAbsent(value: string | undefined): boolean {
  return value === undefined || value === '';
}

/**
 * The hospital role's configuration.
 * @throws {@link ConfigError} with every problem found.
 */
export function parseHospitalConfig(
  environment: Environment,
  readFile: ReadFile = readFileSync,
  readMode: ReadMode = modeOf,
): HospitalConfig {
  const reader = new Reader(readFile, readMode);
  const values = parseShape(hospitalShape, environment, reader);
  if (values === undefined) {
    throw new ConfigError(reader.problems);
  }
  const external = reader.together({
    TOKEN_ISSUER: values.TOKEN_ISSUER,
    TOKEN_JWKS_URL: values.TOKEN_JWKS_URL,
  });
  const config: HospitalConfig = {
    ...commonOf(values, reader),
    gatewayName: values.GATEWAY_NAME,
    emergencyWithoutLedger: values.EMERGENCY_WITHOUT_LEDGER,
    recorderLimits: recorderLimitsOf(values, reader),
    accessLimits: accessLimitsOf(values, reader),
    pageKey: pageKeyOf(values, reader),
    upstream: upstreamOf(values, reader),
    disclosure: values.DISCLOSURE,
    externalIssuer: external
      ? { issuer: values.TOKEN_ISSUER ?? '', jwksUrl: values.TOKEN_JWKS_URL ?? '' }
      : undefined,
  };
  return finish(config, reader);
}

type HospitalValues = z.infer<typeof hospitalShape>;

function recorderLimitsOf(values: HospitalValues, reader: Reader): Partial<RecorderLimits> {
  const least = values.LEDGER_AWAY_AFTER_MS + values.OWN_PEER_WAIT_MS;
  if (values.EMERGENCY_DEADLINE_MS <= least) {
    // An emergency would always be over before the ledger counts as away, so that none would ever be released late.
    reader.complain(
      'EMERGENCY_DEADLINE_MS',
      `is not more than ${String(least)}, which LEDGER_AWAY_AFTER_MS and OWN_PEER_WAIT_MS take together`,
    );
  }
  return {
    deadlineMs: values.ACCESS_DEADLINE_MS,
    emergencyWaitMs: values.EMERGENCY_DEADLINE_MS,
    awayAfterMs: values.LEDGER_AWAY_AFTER_MS,
    evaluateMs: values.OWN_PEER_WAIT_MS,
    maxAdmitted: values.MAX_ADMITTED,
    maxAdmittedEmergencies: values.MAX_ADMITTED_EMERGENCIES,
    maxQueued: values.MAX_QUEUED,
    maxQueuedBytes: values.MAX_QUEUED_MIB * MIB,
  };
}

function accessLimitsOf(values: HospitalValues, reader: Reader): AccessLimits {
  const limits = limitsOf(values);
  for (const [variable, problem] of contradictions(limits)) {
    reader.complain(variable, problem);
  }
  return limits;
}

function pageKeyOf(
  { PAGE_KEY_FILE: file, CONSORTIUM_KEY_FILE: sharedFile }: HospitalValues,
  reader: Reader,
): Secret | undefined {
  if (file === undefined) {
    return undefined;
  }
  const key = reader.secret('PAGE_KEY_FILE', file, MIN_SECRET_BYTES);
  const isShared = file === sharedFile || Buffer.compare(key.reveal(), reader.quietly(sharedFile)) === 0;
  if (isShared && key.reveal().length >= MIN_SECRET_BYTES) {
    reader.complain(
      'PAGE_KEY_FILE',
      'holds the key of CONSORTIUM_KEY_FILE, which other organisations have as well',
    );
  }
  return key;
}

/** The synthetic patients need no settings; of a server, what its labels are worth must be said. */
function upstreamOf(values: HospitalValues, reader: Reader): HospitalConfig['upstream'] {
  const { UPSTREAM_FHIR_URL: choice } = values;
  const set = (
    [
      'UPSTREAM_LABELS',
      'UPSTREAM_ALIASES',
      'UPSTREAM_BEARER_TOKEN_FILE',
      'UPSTREAM_TIMEOUT_MS',
      'UPSTREAM_CA_FILE',
      'UPSTREAM_CLIENT_CERT_FILE',
      'UPSTREAM_CLIENT_KEY_FILE',
    ] as const
  ).filter((name) => values[name] !== undefined);
  if (choice.kind === 'sample') {
    for (const name of set) {
      reader.complain(name, 'is set although UPSTREAM_FHIR_URL names synthetic patients');
    }
    return choice;
  }
  if (values.UPSTREAM_LABELS === undefined) {
    reader.complain('UPSTREAM_LABELS', 'is not set');
  }
  if (values.UPSTREAM_BEARER_TOKEN_FILE !== undefined) {
    reader.secret('UPSTREAM_BEARER_TOKEN_FILE', values.UPSTREAM_BEARER_TOKEN_FILE);
  }
  return {
    ...choice,
    labels: values.UPSTREAM_LABELS ?? 'nowhere',
    aliases: values.UPSTREAM_ALIASES ?? [],
    timeoutMs: values.UPSTREAM_TIMEOUT_MS ?? DEFAULT_SOURCE_TIMEOUT_MS,
    bearerTokenFile: values.UPSTREAM_BEARER_TOKEN_FILE,
    ...upstreamTlsOf(values, choice.url, reader),
  };
}

function upstreamTlsOf(
  values: HospitalValues,
  upstreamUrl: string,
  reader: Reader,
): Pick<UpstreamServerConfig, 'ca' | 'clientCertificate' | 'clientKey'> {
  const names = ['UPSTREAM_CA_FILE', 'UPSTREAM_CLIENT_CERT_FILE', 'UPSTREAM_CLIENT_KEY_FILE'] as const;
  const isSecure = upstreamUrl.startsWith('https:');
  for (const name of names.filter((one) => !isSecure && values[one] !== undefined)) {
    reader.complain(name, 'is set although UPSTREAM_FHIR_URL has no TLS');
  }
  return { ca: upstreamAuthorityOf(values, reader), ...upstreamClientOf(values, reader) };
}

function upstreamAuthorityOf(
  { UPSTREAM_CA_FILE: file }: HospitalValues,
  reader: Reader,
): Uint8Array | undefined {
  const ca = file === undefined ? undefined : reader.bytes('UPSTREAM_CA_FILE', file);
  if (ca !== undefined && ca.length > 0 && !isCertificate(ca)) {
    reader.complain('UPSTREAM_CA_FILE', 'holds no PEM certificate');
  }
  return ca;
}

function upstreamClientOf(
  { UPSTREAM_CLIENT_CERT_FILE: certificateFile, UPSTREAM_CLIENT_KEY_FILE: keyFile }: HospitalValues,
  reader: Reader,
): Pick<UpstreamServerConfig, 'clientCertificate' | 'clientKey'> {
  const files = { UPSTREAM_CLIENT_CERT_FILE: certificateFile, UPSTREAM_CLIENT_KEY_FILE: keyFile };
  if (!reader.together(files)) {
    return { clientCertificate: undefined, clientKey: undefined };
  }
  const clientCertificate = reader.bytes('UPSTREAM_CLIENT_CERT_FILE', certificateFile);
  const clientKey = reader.secret('UPSTREAM_CLIENT_KEY_FILE', keyFile);
  const areRead = clientCertificate.length > 0 && clientKey.reveal().length > 0;
  if (areRead && !fit(clientCertificate, clientKey)) {
    reader.complain('UPSTREAM_CLIENT_KEY_FILE', 'is not the PEM key of the certificate');
  }
  return { clientCertificate, clientKey };
}

function isCertificate(pem: Uint8Array): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

function fit(certificate: Uint8Array, key: Secret): boolean {
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(Buffer.from(key.reveal())));
  } catch {
    return false;
  }
}

/**
 * The trustee role's configuration.
 * @throws {@link ConfigError} with every problem found.
 */
export function parseTrusteeConfig(
  environment: Environment,
  readFile: ReadFile = readFileSync,
  readMode: ReadMode = modeOf,
): TrusteeConfig {
  const reader = new Reader(readFile, readMode);
  const values = parseShape(trusteeShape, environment, reader);
  if (values === undefined) {
    throw new ConfigError(reader.problems);
  }
  const external = reader.together({
    PORTAL_OIDC_ISSUER: values.PORTAL_OIDC_ISSUER,
    PORTAL_OIDC_CLIENT_ID: values.PORTAL_OIDC_CLIENT_ID,
    PORTAL_OIDC_CLIENT_SECRET_FILE: values.PORTAL_OIDC_CLIENT_SECRET_FILE,
    PORTAL_OIDC_SYSTEM: values.PORTAL_OIDC_SYSTEM,
  });
  const table = identifierTable(values.SUBJECT_IDENTIFIER_SYSTEMS, Date.now);
  if (values.PORTAL_OIDC_SYSTEM !== undefined && table.systemOf(values.PORTAL_OIDC_SYSTEM) === undefined) {
    reader.complain('PORTAL_OIDC_SYSTEM', 'is none of SUBJECT_IDENTIFIER_SYSTEMS');
  }
  const config: TrusteeConfig = {
    ...commonOf(values, reader),
    externalOpenId: external
      ? {
          issuer: values.PORTAL_OIDC_ISSUER ?? '',
          clientId: values.PORTAL_OIDC_CLIENT_ID ?? '',
          clientSecret: reader.secret(
            'PORTAL_OIDC_CLIENT_SECRET_FILE',
            values.PORTAL_OIDC_CLIENT_SECRET_FILE,
          ),
          identifierSystem: values.PORTAL_OIDC_SYSTEM ?? '',
          jwksUrl: values.PORTAL_OIDC_JWKS_URL,
        }
      : undefined,
    apps: appsOf(values.APPS_FILE, reader),
    mongodbUri: values.MONGODB_URI,
  };
  return finish(config, reader);
}

function appsOf(path: string | undefined, reader: Reader): readonly PublicApp[] {
  if (path === undefined) {
    return [];
  }
  const text = reader.text('APPS_FILE', path);
  try {
    return appsFile.parse(JSON.parse(text));
  } catch (error) {
    reader.complain('APPS_FILE', error instanceof z.ZodError ? z.prettifyError(error) : 'is not JSON');
    return [];
  }
}

function finish<T>(config: T, reader: Reader): T {
  if (reader.problems.length > 0) {
    throw new ConfigError(reader.problems);
  }
  return Object.freeze(config);
}

/** One line a variable, for `--help`. */
export function describeVariables(): string {
  return describe(() => true);
}

/** The same for the variables that {@link parseLedgerConfig} reads. */
export function describeLedgerVariables(): string {
  return describe((name) => name.startsWith('FABRIC_'));
}

function describe(isWanted: (name: string) => boolean): string {
  return Object.entries(VARIABLES)
    .filter(([name]) => isWanted(name))
    .map(([name, { what, example }]) => `  ${name}\n      ${what}; for instance ${example}`)
    .join('\n');
}
