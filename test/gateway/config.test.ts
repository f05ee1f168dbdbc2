// SPDX-License-Identifier: Apache-2.0
import { DEFAULT_LIMITS } from '../../gateway/src/recorder/limits';
import { createTlsAuthority } from '../support/tlsCertificates';
import { ConfigError } from '../../gateway/src/config/configError';
import { parseHospitalConfig } from '../../gateway/src/config/hospitalConfig';
import { parseLedgerConfig } from '../../gateway/src/config/peerConfig';
import { Secret } from '../../gateway/src/config/secret';
import { parseDataDir } from '../../gateway/src/config/singleVariables';
import { parseTrusteeConfig } from '../../gateway/src/config/trusteeConfig';
import { describeVariables } from '../../gateway/src/config/variables';
import { DEFAULT_ACCESS_LIMITS } from '../../gateway/src/hospital/limits';
import { defaultOf, LIMIT_SETTINGS, LIMIT_VARIABLES } from '../../gateway/src/hospital/limitSettings';

const FILES: Readonly<Record<string, Uint8Array>> = {
  'consortium.key': new Uint8Array(32).fill(7),
  'consortium.copy': new Uint8Array(32).fill(7),
  'page.key': new Uint8Array(40).fill(9),
  'short.key': new Uint8Array(31),
  'cert.pem': Buffer.from('certificate'),
  'key.pem': Buffer.from('key'),
  'ca.pem': Buffer.from('ca'),
  'apps.json': Buffer.from(
    JSON.stringify([
      { clientId: 'app', name: 'App', redirectUris: ['http://127.0.0.1/cb'], scope: 'patient/AuditEvent.rs' },
    ]),
  ),
  'hsm.pin': Buffer.from('98765432\n'),
  'empty.pin': Buffer.from('\n'),
  'bad.json': Buffer.from('{'),
};

function readFile(path: string): Uint8Array {
  const bytes = FILES[path];
  if (bytes === undefined) {
    throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
  }
  return bytes;
}

const MODES: Readonly<Record<string, number>> = {
  'hsm.pin': 0o100600,
  'empty.pin': 0o100400,
  '/opt/pkcs11.so': 0o100755,
};

/** The mode of a file; of another one: there is none. */
function readMode(path: string): number {
  const mode = MODES[path];
  if (mode === undefined) {
    throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
  }
  return mode;
}

const COMMON = {
  PORT: '8443',
  BASE_URL: 'https://gateway.example',
  DATA_DIR: 'data',
  CONSORTIUM_KEY_FILE: 'consortium.key',
  FABRIC_MSP_ID: 'NorthHospitalMSP',
  TRUSTED_PROXIES: '1',
  SUBJECT_IDENTIFIER_SYSTEMS: 'us-ssn urn:a urn:b; text urn:c',
};
const HOSPITAL = {
  ...COMMON,
  GATEWAY_NAME: 'ward-1',
  EMERGENCY_WITHOUT_LEDGER: 'refuse',
  UPSTREAM_FHIR_URL: 'https://ehr.example/fhir',
  UPSTREAM_LABELS: 'reads',
};
const PEER = {
  FABRIC_PEER_ENDPOINT: 'peer.example:7051',
  FABRIC_CERT_FILE: 'cert.pem',
  FABRIC_KEY_FILE: 'key.pem',
};

const HSM = {
  FABRIC_PEER_ENDPOINT: 'peer.example:7051',
  FABRIC_CERT_FILE: 'cert.pem',
  FABRIC_HSM_LIBRARY: '/opt/pkcs11.so',
  FABRIC_HSM_TOKEN: 'chartwitness',
  FABRIC_HSM_PIN_FILE: 'hsm.pin',
};

function problemsOf(run: () => unknown): readonly string[] {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) {
      return error.problems;
    }
    throw error;
  }
  return [];
}

describe('parseHospitalConfig', () => {
  it('reads a complete configuration', () => {
    const config = parseHospitalConfig(HOSPITAL, readFile);
    expect(config).toMatchObject({
      host: '127.0.0.1',
      port: 8443,
      disclosure: 'hidden',
      subjectIdentifierSystems: [
        { form: 'us-ssn', system: 'urn:a', aliases: ['urn:b'] },
        { form: 'text', system: 'urn:c', aliases: [] },
      ],
      upstream: { kind: 'url', url: 'https://ehr.example/fhir', labels: 'reads', aliases: [] },
      peer: undefined,
    });
    expect(config.consortiumKey.reveal()).toHaveLength(32);
  });

  it('reads a peer with TLS', () => {
    const config = parseHospitalConfig({ ...HOSPITAL, ...PEER, FABRIC_TLS_CA_FILE: 'ca.pem' }, readFile);
    expect(config.peer).toMatchObject({ endpoint: 'peer.example:7051', certificatePem: 'certificate' });
    expect(config.peer?.tls?.rootCertificates).toHaveLength(2);
  });

  it('reads orderers, which are shown the same certificate as the peer', () => {
    const config = parseHospitalConfig(
      {
        ...HOSPITAL,
        ...PEER,
        FABRIC_CLIENT_TLS_CERT_FILE: 'cert.pem',
        FABRIC_CLIENT_TLS_KEY_FILE: 'key.pem',
        FABRIC_ORDERER_ENDPOINTS: 'one.example:7050, two.example:7050',
        FABRIC_ORDERER_TLS_CA_FILE: 'ca.pem',
      },
      readFile,
    );
    expect(config.peer?.orderers?.endpoints).toEqual(['one.example:7050', 'two.example:7050']);
    expect(config.peer?.orderers?.tls.rootCertificates).toHaveLength(2);
    expect(config.peer?.orderers?.tls.clientKey?.reveal()).toHaveLength(3);
    expect(parseHospitalConfig({ ...HOSPITAL, ...PEER }, readFile).peer?.orderers).toBeUndefined();
  });

  it.each([
    ['sample', { kind: 'sample' }],
    ['sample:alberto,chet', { kind: 'sample', patients: ['alberto', 'chet'] }],
  ])('reads %s', (value, upstream) => {
    const environment = { ...HOSPITAL, UPSTREAM_FHIR_URL: value, UPSTREAM_LABELS: undefined };
    expect(parseHospitalConfig(environment, readFile).upstream).toEqual(upstream);
  });

  it.each([
    'sample:',
    'sample:alberto,',
    'sample:alberto,nobody',
    'sample:constructor',
    'samples',
    'ftp://x',
  ])('refuses %s as a source of data', (value) => {
    expect(
      problemsOf(() => parseHospitalConfig({ ...HOSPITAL, UPSTREAM_FHIR_URL: value }, readFile)),
    ).toEqual([expect.stringContaining('UPSTREAM_FHIR_URL: ')]);
  });

  it('has documented defaults for the recorder, and refuses what is out of bounds', () => {
    // Whatever bounds the recorder can be set.
    expect(parseHospitalConfig(HOSPITAL, readFile).recorderLimits).toEqual(DEFAULT_LIMITS);
    const given = { MAX_BATCH_EVENTS: '10', MAX_BATCHES_IN_FLIGHT: '2', STOP_WITHIN_MS: '0' };
    expect(parseHospitalConfig({ ...HOSPITAL, ...given }, readFile).recorderLimits).toEqual({
      ...DEFAULT_LIMITS,
      maxBatchEvents: 10,
      maxInFlight: 2,
      drainMs: 0,
    });
    for (const wrong of ['0', '-1', '1.5', '99999999', 'soon']) {
      const bounded = { LEDGER_AWAY_AFTER_MS: wrong, MAX_ADMITTED_EMERGENCIES: wrong, MAX_BATCH_KIB: wrong };
      const problems = problemsOf(() => parseHospitalConfig({ ...HOSPITAL, ...bounded }, readFile));
      expect(problems.map((one) => one.split(':')[0])).toEqual(Object.keys(bounded));
    }
  });

  it('bounds how long the Registry is remembered: three days, from a minute to a week', () => {
    expect(parseHospitalConfig(HOSPITAL, readFile).registryRememberedMs).toBe(72 * 3_600_000);
    for (const [given, ms] of [
      ['1', 60_000],
      ['10080', 604_800_000],
    ] as const) {
      const set = { ...HOSPITAL, REGISTRY_REMEMBERED_MINUTES: given };
      expect(parseHospitalConfig(set, readFile).registryRememberedMs).toBe(ms);
    }
    for (const wrong of ['0', '10081', 'forever']) {
      const set = { ...HOSPITAL, REGISTRY_REMEMBERED_MINUTES: wrong };
      expect(problemsOf(() => parseHospitalConfig(set, readFile))).toEqual([
        expect.stringMatching(/^REGISTRY_REMEMBERED_MINUTES: .*Example: REGISTRY_REMEMBERED_MINUTES=4320$/),
      ]);
    }
  });

  it('has documented defaults for each limit of an access', () => {
    const config = parseHospitalConfig(HOSPITAL, readFile);
    expect(config.accessLimits).toEqual(DEFAULT_ACCESS_LIMITS);
    expect(config.upstream).toMatchObject({ timeoutMs: 10_000 });
    // Whatever bounds an access can be set, once.
    const set = LIMIT_VARIABLES.map((name) => LIMIT_SETTINGS[name].limit);
    expect([...set].sort()).toEqual(Object.keys(DEFAULT_ACCESS_LIMITS).sort());
    for (const name of LIMIT_VARIABLES) {
      expect(describeVariables()).toContain(`  ${name}\n      ${LIMIT_SETTINGS[name].what}, `);
      expect(describeVariables()).toContain(`; for instance ${String(defaultOf(name))}`);
    }
  });

  it.each(LIMIT_VARIABLES)('takes %s within its bounds only', (name) => {
    const { limit, scale, minimum, maximum } = LIMIT_SETTINGS[name];
    const values = Object.fromEntries(LIMIT_VARIABLES.map((one) => [one, String(defaultOf(one))]));
    const value = defaultOf(name) === minimum ? minimum : defaultOf(name) - 1;
    const roomy = { ...HOSPITAL, ...values, UPSTREAM_MEMORY_MIB: '2000', [name]: String(value) };
    // Less memory than two answers need is another complaint, below.
    const given = name === 'UPSTREAM_MEMORY_MIB' ? { ...roomy, UPSTREAM_ANSWER_MIB: '8' } : roomy;
    expect(parseHospitalConfig(given, readFile).accessLimits[limit]).toBe(value * scale);
    for (const wrong of [String(minimum - 1), String(maximum + 1), '1.5', '-1', 'many', ' ']) {
      expect(problemsOf(() => parseHospitalConfig({ ...given, [name]: wrong }, readFile))).toEqual([
        expect.stringContaining(`${name}: `),
      ]);
    }
  });

  it('refuses limits that do not fit together, all at once', () => {
    const given = {
      ...HOSPITAL,
      SEARCH_COUNT: '501',
      EMERGENCY_PAGE_MS: '60000',
      UPSTREAM_ANSWER_MIB: '64',
      UPSTREAM_TIMEOUT_MS: '10',
    };
    expect(problemsOf(() => parseHospitalConfig(given, readFile))).toEqual([
      expect.stringContaining('UPSTREAM_TIMEOUT_MS: '),
    ]);
    expect(
      problemsOf(() => parseHospitalConfig({ ...given, UPSTREAM_TIMEOUT_MS: '9000' }, readFile)),
    ).toEqual([
      expect.stringContaining('SEARCH_COUNT: is more than SEARCH_MAX_COUNT'),
      expect.stringContaining('EMERGENCY_PAGE_MS: is not less than READING_DEADLINE_MS'),
      expect.stringContaining('UPSTREAM_MEMORY_MIB: is less than 214, which 2 answers'),
    ]);
  });

  it('refuses times by which no emergency could ever be released while the ledger is away', () => {
    const problem = (times: Record<string, string>): readonly string[] =>
      problemsOf(() => parseHospitalConfig({ ...HOSPITAL, ...times }, readFile));
    const refusal = 'EMERGENCY_DEADLINE_MS: is not more than';
    expect(problem({ LEDGER_AWAY_AFTER_MS: '60000' })).toEqual([expect.stringContaining(refusal)]);
    expect(problem({ EMERGENCY_DEADLINE_MS: '3000' })).toEqual([
      expect.stringContaining(`${refusal} 3000, which LEDGER_AWAY_AFTER_MS and OWN_PEER_WAIT_MS take`),
    ]);
    expect(
      parseHospitalConfig({ ...HOSPITAL, EMERGENCY_DEADLINE_MS: '3001' }, readFile).recorderLimits,
    ).toMatchObject({ emergencyWaitMs: 3_001 });
  });

  it('takes an empty variable for one that is not set', () => {
    const empty = { ...HOSPITAL, ACCESS_DEADLINE_MS: '', MAX_QUEUED: '', UPSTREAM_TIMEOUT_MS: '' };
    expect(parseHospitalConfig(empty, readFile)).toEqual(parseHospitalConfig(HOSPITAL, readFile));
  });

  it('reads the key of next links, which is no other organisation’s', () => {
    expect(parseHospitalConfig(HOSPITAL, readFile).pageKey).toBeUndefined();
    const own = parseHospitalConfig({ ...HOSPITAL, PAGE_KEY_FILE: 'page.key' }, readFile).pageKey;
    expect(own?.reveal()).toEqual(FILES['page.key']);
    expect(JSON.stringify(own)).toBe('"[secret]"');
    for (const [file, problem] of [
      ['short.key', 'the file holds 31 bytes, fewer than 32'],
      ['none.key', 'the file cannot be read'],
      ['consortium.key', 'holds the key of CONSORTIUM_KEY_FILE'],
      ['consortium.copy', 'holds the key of CONSORTIUM_KEY_FILE'],
    ] as const) {
      const given = { ...HOSPITAL, PAGE_KEY_FILE: file };
      const complaint = [expect.stringContaining(`PAGE_KEY_FILE: ${problem}`)];
      expect(problemsOf(() => parseHospitalConfig(given, readFile))).toEqual(complaint);
    }
    // In one report with what else is wrong.
    const given = { ...HOSPITAL, PORT: 'x', PAGE_KEY_FILE: 'short.key' };
    expect(problemsOf(() => parseHospitalConfig(given, readFile))).toHaveLength(2);
  });

  it('reports every problem at once, each with its variable, what was expected and an example', () => {
    const problems = problemsOf(() =>
      parseHospitalConfig(
        {
          ...HOSPITAL,
          PORT: 'x',
          BASE_URL: 'ftp://x',
          GATEWAY_NAME: undefined,
          CONSORTIUM_KEY_FILE: 'short.key',
        },
        readFile,
      ),
    );
    expect(problems.map((problem) => problem.split(':')[0]).sort()).toEqual([
      'BASE_URL',
      'CONSORTIUM_KEY_FILE',
      'GATEWAY_NAME',
      'PORT',
    ]);
    for (const problem of problems) {
      expect(problem).toMatch(/Expected: .+ Example: [A-Z_]+=/);
    }
  });

  it.each([
    'PORT',
    'BASE_URL',
    'DATA_DIR',
    'CONSORTIUM_KEY_FILE',
    'FABRIC_MSP_ID',
    'GATEWAY_NAME',
    'EMERGENCY_WITHOUT_LEDGER',
    'UPSTREAM_FHIR_URL',
    'UPSTREAM_LABELS',
    'SUBJECT_IDENTIFIER_SYSTEMS',
  ])('has no default for %s', (name) => {
    expect(problemsOf(() => parseHospitalConfig({ ...HOSPITAL, [name]: undefined }, readFile))).toEqual([
      expect.stringContaining(`${name}: is not set`),
    ]);
  });

  it.each([
    ['a peer without its certificate', { ...PEER, FABRIC_CERT_FILE: undefined }, 'FABRIC_CERT_FILE'],
    ['a peer without its key', { ...PEER, FABRIC_KEY_FILE: '' }, 'FABRIC_KEY_FILE'],
    [
      'half of a mutual TLS pair',
      { ...PEER, FABRIC_TLS_CA_FILE: 'ca.pem', FABRIC_CLIENT_TLS_CERT_FILE: 'cert.pem' },
      'FABRIC_CLIENT_TLS_KEY_FILE',
    ],
    ['a file that does not exist', { CONSORTIUM_KEY_FILE: 'absent' }, 'CONSORTIUM_KEY_FILE'],
    ['an external issuer without its keys', { TOKEN_ISSUER: 'https://issuer.example' }, 'TOKEN_JWKS_URL'],
    ['a base URL that ends with a slash', { BASE_URL: 'https://x.example/' }, 'BASE_URL'],
    ['a port out of range', { PORT: '65536' }, 'PORT'],
    [
      'an endpoint that is a URL',
      { ...PEER, FABRIC_PEER_ENDPOINT: 'grpc://peer:7051' },
      'FABRIC_PEER_ENDPOINT',
    ],
    [
      'orderers without their authority',
      { ...PEER, FABRIC_ORDERER_ENDPOINTS: 'one.example:7050' },
      'FABRIC_ORDERER_TLS_CA_FILE',
    ],
    [
      "orderers' authority without orderers",
      { ...PEER, FABRIC_ORDERER_TLS_CA_FILE: 'ca.pem' },
      'FABRIC_ORDERER_ENDPOINTS',
    ],
    [
      'an orderer without a port',
      {
        ...PEER,
        FABRIC_ORDERER_ENDPOINTS: 'one.example:7050,two.example',
        FABRIC_ORDERER_TLS_CA_FILE: 'ca.pem',
      },
      'FABRIC_ORDERER_ENDPOINTS',
    ],
    ['an unknown disclosure', { DISCLOSURE: 'loud' }, 'DISCLOSURE'],
  ])('refuses %s', (_what, change, variable) => {
    expect(problemsOf(() => parseHospitalConfig({ ...HOSPITAL, ...change }, readFile))).toEqual([
      expect.stringContaining(`${variable}: `),
    ]);
  });
});

describe('the source of data', () => {
  const parse = (change: object, files: Readonly<Record<string, Uint8Array>> = {}) =>
    parseHospitalConfig({ ...HOSPITAL, ...change }, (path) => files[path] ?? readFile(path)).upstream;
  const problems = (change: object, files: Readonly<Record<string, Uint8Array>> = {}): readonly string[] =>
    problemsOf(() => parse(change, files));
  const TLS = {
    UPSTREAM_CA_FILE: 'ehr-ca.pem',
    UPSTREAM_CLIENT_CERT_FILE: 'ehr.pem',
    UPSTREAM_CLIENT_KEY_FILE: 'ehr-key.pem',
  };

  it('reads aliases, the token’s file, the authority and the client certificate', async () => {
    const authority = await createTlsAuthority('hospital');
    const { certificate, key } = await authority.issue('gateway');
    const files = {
      'ehr-ca.pem': authority.certificate,
      'ehr.pem': certificate,
      'ehr-key.pem': key,
      token: Buffer.from('t'),
    };
    const more = {
      UPSTREAM_ALIASES: 'https://one.example/fhir, http://10.0.0.1:8080/fhir',
      UPSTREAM_BEARER_TOKEN_FILE: 'token',
    };
    expect(parse({ ...TLS, ...more }, files)).toMatchObject({
      labels: 'reads',
      aliases: ['https://one.example/fhir', 'http://10.0.0.1:8080/fhir'],
      bearerTokenFile: 'token',
      ca: authority.certificate,
      clientCertificate: certificate,
    });
    const other = await authority.issue('gateway');
    expect(problems(TLS, { ...files, 'ehr-key.pem': other.key })).toEqual([
      expect.stringContaining('UPSTREAM_CLIENT_KEY_FILE: is not the PEM key'),
    ]);
    expect(problems(TLS, { ...files, 'ehr-ca.pem': Buffer.from('no PEM') })).toEqual([
      expect.stringContaining('UPSTREAM_CA_FILE: holds no PEM certificate'),
    ]);
    const plain = { UPSTREAM_FHIR_URL: 'http://ehr.example/fhir', UPSTREAM_CA_FILE: 'ehr-ca.pem' };
    expect(problems(plain, files)).toEqual([expect.stringContaining('UPSTREAM_CA_FILE: is set although')]);
  });

  it.each([
    ['an unknown trust', { UPSTREAM_LABELS: 'sometimes' }, 'UPSTREAM_LABELS'],
    ['an alias with a slash at its end', { UPSTREAM_ALIASES: 'http://a/fhir/' }, 'UPSTREAM_ALIASES'],
    ['an alias that is no URL', { UPSTREAM_ALIASES: 'http://a/fhir,ehr' }, 'UPSTREAM_ALIASES'],
    ['a token file that is not there', { UPSTREAM_BEARER_TOKEN_FILE: 'x' }, 'UPSTREAM_BEARER_TOKEN_FILE'],
    ['a certificate without its key', { UPSTREAM_CLIENT_CERT_FILE: 'ca.pem' }, 'UPSTREAM_CLIENT_KEY_FILE'],
    ['settings of a server for synthetic patients', { UPSTREAM_FHIR_URL: 'sample' }, 'UPSTREAM_LABELS'],
  ])('refuses %s', (_what, change, variable) => {
    expect(problems(change)).toEqual([expect.stringContaining(`${variable}: `)]);
  });
});

describe('a signing key in a PKCS#11 token', () => {
  const parse = (change: object, mode = readMode) =>
    parseHospitalConfig({ ...HOSPITAL, ...HSM, ...change }, readFile, mode);
  const problems = (change: object, mode = readMode): readonly string[] =>
    problemsOf(() => parse(change, mode));

  it('is read, with the PIN as the file has it but for the line break', () => {
    const key = parse({ FABRIC_HSM_KEY_ID: '5A3f' }).peer?.signingKey;
    if (key?.kind !== 'hsm') {
      throw new Error('no key in a token');
    }
    expect(key).toMatchObject({ library: '/opt/pkcs11.so', token: 'chartwitness' });
    expect(Buffer.from(key.pin.reveal()).toString()).toBe('98765432');
    expect(Buffer.from(key.keyId ?? []).toString('hex')).toBe('5a3f');
    expect(JSON.stringify(key)).not.toContain('98765432');
  });

  it('has a default for its id alone', () => {
    expect(parse({}).peer?.signingKey).toMatchObject({ kind: 'hsm', keyId: undefined });
    expect(parse({ FABRIC_HSM_KEY_ID: '' }).peer?.signingKey).toMatchObject({ keyId: undefined });
  });

  it('is one for commands and for the trustee too', () => {
    const variables = { ...COMMON, ...HSM };
    expect(parseLedgerConfig(variables, readFile, readMode).peer.signingKey.kind).toBe('hsm');
    expect(parseTrusteeConfig(variables, readFile, readMode).peer?.signingKey.kind).toBe('hsm');
  });

  it.each([
    ['a key file beside it', { FABRIC_KEY_FILE: 'key.pem' }, 'FABRIC_KEY_FILE: is set although'],
    ['no module', { FABRIC_HSM_LIBRARY: '' }, 'FABRIC_HSM_LIBRARY: is not set although'],
    ['no token', { FABRIC_HSM_TOKEN: undefined }, 'FABRIC_HSM_TOKEN: is not set although'],
    ['no PIN', { FABRIC_HSM_PIN_FILE: undefined }, 'FABRIC_HSM_PIN_FILE: is not set'],
    [
      'a PIN file that does not exist',
      { FABRIC_HSM_PIN_FILE: 'none' },
      'FABRIC_HSM_PIN_FILE: the file cannot',
    ],
    ['a PIN file without a PIN', { FABRIC_HSM_PIN_FILE: 'empty.pin' }, 'FABRIC_HSM_PIN_FILE: the file holds'],
    ['a module that does not exist', { FABRIC_HSM_LIBRARY: '/none.so' }, 'FABRIC_HSM_LIBRARY: .*ENOENT'],
    ['a module by a relative path', { FABRIC_HSM_LIBRARY: 'pkcs11.so' }, 'FABRIC_HSM_LIBRARY: must be an'],
    ['a label that is too long', { FABRIC_HSM_TOKEN: 'x'.repeat(33) }, 'FABRIC_HSM_TOKEN: must be a label'],
    ['an id that is not hexadecimal', { FABRIC_HSM_KEY_ID: '5a3' }, 'FABRIC_HSM_KEY_ID: must be bytes'],
    ['an id that the client refuses', { FABRIC_HSM_KEY_ID: '0a20' }, 'FABRIC_HSM_KEY_ID: is of white space'],
  ])('refuses %s', (_what, change, problem) => {
    expect(problems(change)).toEqual([expect.stringMatching(new RegExp(`^${problem}`))]);
  });

  it.each([0o640, 0o604, 0o610, 0o644])('refuses a PIN file of mode %o', (mode) => {
    const modeOf = (path: string): number => (path === 'hsm.pin' ? mode : readMode(path));
    expect(problems({}, modeOf)).toEqual([
      expect.stringMatching(/^FABRIC_HSM_PIN_FILE: .*chmod 600 hsm\.pin/),
    ]);
    // Also when something else refuses the configuration first.
    expect(problems({ PORT: 'x' }, modeOf)).toEqual([
      expect.stringContaining('PORT: '),
      expect.stringContaining('FABRIC_HSM_PIN_FILE: '),
    ]);
  });

  it('reports all that is wrong together', () => {
    const change = { FABRIC_KEY_FILE: 'key.pem', FABRIC_HSM_TOKEN: '', FABRIC_HSM_PIN_FILE: 'none' };
    expect(problems(change).map((problem) => problem.split(':')[0])).toEqual([
      'FABRIC_KEY_FILE',
      'FABRIC_HSM_TOKEN',
      'FABRIC_HSM_PIN_FILE',
    ]);
  });
});

describe('parseLedgerConfig', () => {
  const LEDGER = { ...PEER, FABRIC_MSP_ID: 'NorthHospitalMSP' };

  it('needs the variables of the peer alone', () => {
    expect(parseLedgerConfig(LEDGER, readFile)).toMatchObject({
      mspId: 'NorthHospitalMSP',
      channel: 'chartwitness',
      chaincode: 'provenance',
      peer: { endpoint: 'peer.example:7051' },
    });
  });

  it.each(['FABRIC_PEER_ENDPOINT', 'FABRIC_MSP_ID', 'FABRIC_CERT_FILE', 'FABRIC_KEY_FILE'])(
    'does not do without %s',
    (name) => {
      expect(problemsOf(() => parseLedgerConfig({ ...LEDGER, [name]: undefined }, readFile))).toEqual([
        expect.stringContaining(`${name}: is not set`),
      ]);
    },
  );
});

it('parseDataDir reads the folder and has no default for it', () => {
  expect(parseDataDir({ DATA_DIR: '/data' })).toBe('/data');
  expect(problemsOf(() => parseDataDir({ DATA_DIR: '' }))).toEqual([expect.stringContaining('DATA_DIR: ')]);
});

describe('parseTrusteeConfig', () => {
  it('reads apps and the store', () => {
    const config = parseTrusteeConfig(
      { ...COMMON, APPS_FILE: 'apps.json', MONGODB_URI: 'mongodb://127.0.0.1/x' },
      readFile,
    );
    expect(config.apps).toHaveLength(1);
    expect(config.mongodbUri).toBe('mongodb://127.0.0.1/x');
  });

  it.each([
    ['an apps file that is not JSON', { APPS_FILE: 'bad.json' }, 'APPS_FILE'],
    ['a number of proxies that is none', { TRUSTED_PROXIES: '11' }, 'TRUSTED_PROXIES'],
    ['an open place that nobody is told of for a day', { OPEN_PLACE_SECONDS: '86400' }, 'OPEN_PLACE_SECONDS'],
    ['a store that is not MongoDB', { MONGODB_URI: 'postgres://x' }, 'MONGODB_URI'],
    [
      'an external OpenID provider without a client',
      { PORTAL_OIDC_ISSUER: 'https://x.example', PORTAL_OIDC_CLIENT_ID: 'a', PORTAL_OIDC_SYSTEM: 'urn:a' },
      'PORTAL_OIDC_CLIENT_SECRET_FILE',
    ],
  ])('refuses %s', (_what, change, variable) => {
    expect(problemsOf(() => parseTrusteeConfig({ ...COMMON, ...change }, readFile)).join('\n')).toContain(
      `${variable}: `,
    );
  });
});

it('never prints a secret', () => {
  const secret = new Secret(Buffer.from('hunter2'));
  expect(`${secret.toString()} ${JSON.stringify({ secret })}`).not.toContain('hunter2');
});

it('describes every variable with an example', () => {
  expect(describeVariables()).toContain('CONSORTIUM_KEY_FILE\n');
});
