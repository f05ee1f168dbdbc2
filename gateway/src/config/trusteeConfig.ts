// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { identifierTable } from '../subjects/networkTable';
import { COMMON, type CommonConfig, commonOf } from './commonConfig';
import { ConfigError } from './configError';
import { ConfigReader, finish, parseShape } from './configReader';
import { type Environment, modeOf, type ReadFile, type ReadMode } from './environment';
import type { Secret } from './secret';
import { TRUSTEE_VARIABLES } from './trusteeVariables';
import { shapeOf } from './variable';

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
  /** How long a place of a lane may be open while later ones are filled. */
  readonly openPlaceMs: number;
  /** Requests a minute; undefined: the default. */
  readonly signInLimit: number | undefined;
}

const appsFile = z.array(
  z.strictObject({
    clientId: z.string().min(1).max(128),
    name: z.string().min(1).max(200),
    redirectUris: z.array(z.url()).min(1),
    scope: z.string().min(1),
  }),
);
export type PublicApp = z.infer<typeof appsFile>[number];

const TRUSTEE = { ...COMMON, ...TRUSTEE_VARIABLES } as const;

/**
 * The trustee role's configuration.
 * @throws {@link ConfigError} with every problem found.
 */
export function parseTrusteeConfig(
  environment: Environment,
  readFile: ReadFile = readFileSync,
  readMode: ReadMode = modeOf,
): TrusteeConfig {
  const reader = new ConfigReader(readFile, readMode);
  const values = parseShape(shapeOf(TRUSTEE), environment, reader);
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
    openPlaceMs: values.OPEN_PLACE_SECONDS * 1000,
    signInLimit: values.SIGN_IN_REQUESTS_A_MINUTE,
  };
  return finish(config, reader);
}

function appsOf(path: string | undefined, reader: ConfigReader): readonly PublicApp[] {
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
