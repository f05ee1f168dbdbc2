// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { DEFAULT_OPEN_PLACE_MS } from '../projection/openPlaces';
import { absent, requestsAMinute, url, wholeNumber } from './forms';
import type { Variables } from './variable';

const mongodbUri = z.string().regex(/^mongodb(\+srv)?:\/\//, 'must start with mongodb:// or mongodb+srv://');

/** What the trustee role needs besides. */
export const TRUSTEE_VARIABLES = {
  PORTAL_OIDC_ISSUER: {
    what: 'issuer of an external OpenID provider for patients',
    example: 'https://login.example.gov',
    form: absent.pipe(url.optional()),
  },
  PORTAL_OIDC_CLIENT_ID: {
    what: 'client id of the portal there',
    example: 'chartwitness-portal',
    form: absent,
  },
  PORTAL_OIDC_CLIENT_SECRET_FILE: {
    what: 'file with its client secret',
    example: '/run/secrets/oidc.secret',
    form: absent,
  },
  PORTAL_OIDC_SYSTEM: {
    what: 'which of SUBJECT_IDENTIFIER_SYSTEMS the subject claim is an identifier of',
    example: 'http://hl7.org/fhir/sid/us-ssn',
    form: absent,
  },
  PORTAL_OIDC_JWKS_URL: {
    what: 'JWKS URL of its access tokens, so that apps may call the API; absent: sessions only',
    example: 'https://login.example.gov/jwks',
    form: absent.pipe(z.url({ protocol: /^https?$/ }).optional()),
  },
  APPS_FILE: {
    what: 'JSON file with the public client apps that patients may use',
    example: '/etc/chartwitness/apps.json',
    form: absent,
  },
  SIGN_IN_REQUESTS_A_MINUTE: {
    what: 'requests of one address (IPv6: one /64) to the pages and endpoints of signing in; default 600',
    example: '600',
    form: requestsAMinute,
  },
  MONGODB_URI: {
    what: 'MongoDB connection string of the read model; absent: the embedded store',
    example: 'mongodb://127.0.0.1:27017/chartwitness',
    form: absent.pipe(mongodbUri.optional()),
  },
  OPEN_PLACE_SECONDS: {
    what: 'seconds for which a place of a lane may be open while later ones are filled, 10–3600, before operators and patients are told that entries may be missing',
    example: String(DEFAULT_OPEN_PLACE_MS / 1000),
    form: wholeNumber(10, 3600, DEFAULT_OPEN_PLACE_MS / 1000),
  },
} as const satisfies Variables;
