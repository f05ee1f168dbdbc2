// SPDX-License-Identifier: Apache-2.0
import { DomainError, type IdentifierSystem, IDENTIFIER_FORMS } from '@chartwitness/chaincode/domain';
import { z } from 'zod';
import { readIdentifierSystems } from '../subjects/identifierText';
import { absent, MIN_SECRET_BYTES, port, requestsAMinute, url } from './forms';
import type { Variables } from './variable';

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

/** What both roles need, besides the peer. */
export const COMMON_VARIABLES = {
  HOST: {
    what: 'address to listen on',
    example: '127.0.0.1',
    form: z.string().min(1).default('127.0.0.1'),
  },
  PORT: {
    what: 'TCP port to listen on, 0–65535 (0: a free one)',
    example: '8443',
    form: port,
  },
  // No default: behind a proxy a wrong number counts all callers as one, and before none it believes what
  // callers write.
  TRUSTED_PROXIES: {
    what: 'how many reverse proxies stand before this service, 0–10 (0: callers reach it themselves); limits count the address that the outermost of them reports',
    example: '1',
    form: z
      .string()
      .regex(/^(\d|10)$/, 'must be a number from 0 to 10')
      .transform(Number),
  },
  ANONYMOUS_REQUESTS_A_MINUTE: {
    what: 'requests of one address (IPv6: one /64) that does not authenticate; default 600 at a hospital, 300 at the trustee',
    example: '600',
    form: requestsAMinute,
  },
  CALLER_REQUESTS_A_MINUTE: {
    what: 'requests of one client application, or of one patient; default 60000 at a hospital, 1200 at the trustee',
    example: '60000',
    form: requestsAMinute,
  },
  OPERATIONS_HOST: {
    what: 'address of the listener for /metrics and the detailed /readyz, which callers must not reach',
    example: '127.0.0.1',
    form: z.string().min(1).default('127.0.0.1'),
  },
  OPERATIONS_PORT: {
    what: 'its TCP port, 0–65535 (0: a free one); default 9464 at a hospital, 9465 at the trustee',
    example: '9464',
    form: absent.pipe(port.optional()),
  },
  BASE_URL: {
    what: 'URL under which callers reach this service, without a slash at its end',
    example: 'https://gateway.hospital.example',
    form: url,
  },
  DATA_DIR: {
    what: 'folder for keys and stores; made when missing',
    example: '/var/lib/chartwitness',
    form: z.string().min(1),
  },
  LOG_LEVEL: {
    what: 'one of fatal, error, warn, info, debug, trace',
    example: 'info',
    form: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info'),
  },
  CONSORTIUM_KEY_FILE: {
    what: `file with the key from which subject pseudonyms are made, at least ${String(MIN_SECRET_BYTES)} bytes, the same at every organisation`,
    example: '/run/secrets/consortium.key',
    form: z.string().min(1),
  },
  SUBJECT_IDENTIFIER_SYSTEMS: {
    what: `the network's identifier systems in its order, exactly as the ledger's settings have them, separated by semicolons; each: <form> <uri> [<alias uri> …], the form one of ${IDENTIFIER_FORMS.join(', ')}`,
    example: 'us-ssn http://hl7.org/fhir/sid/us-ssn urn:oid:2.16.840.1.113883.4.1',
    form: identifierSystemsForm,
  },
} as const satisfies Variables;
