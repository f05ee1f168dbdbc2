// SPDX-License-Identifier: Apache-2.0
import type { IdentifierSystem } from '@chartwitness/chaincode/domain';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { COMMON_VARIABLES } from './commonVariables';
import { ConfigError } from './configError';
import { ConfigReader, finish, parseShape } from './configReader';
import type { Environment } from './environment';
import { TRUSTEE_VARIABLES } from './trusteeVariables';

/**
 * The folder of a role's own data, for commands that need nothing else.
 * @throws {@link ConfigError} when it is not set.
 */
export function parseDataDir(environment: Environment): string {
  const { DATA_DIR } = environment;
  if (DATA_DIR === undefined || DATA_DIR === '') {
    const reader = new ConfigReader(readFileSync);
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
  const reader = new ConfigReader(readFileSync);
  const shape = z.object({ SUBJECT_IDENTIFIER_SYSTEMS: COMMON_VARIABLES.SUBJECT_IDENTIFIER_SYSTEMS.form });
  const values = parseShape(
    shape,
    { SUBJECT_IDENTIFIER_SYSTEMS: environment['SUBJECT_IDENTIFIER_SYSTEMS'] },
    reader,
  );
  return finish({ systems: values?.SUBJECT_IDENTIFIER_SYSTEMS ?? [] }, reader).systems;
}

/**
 * The MongoDB connection string, for commands whose options ask for it.
 * @throws {@link ConfigError} when it is not set or is none.
 */
export function parseMongodbUri(environment: Environment): string {
  const reader = new ConfigReader(readFileSync);
  const values = parseShape(
    z.object({ MONGODB_URI: TRUSTEE_VARIABLES.MONGODB_URI.form }),
    environment,
    reader,
  );
  return finish({ uri: values?.MONGODB_URI ?? '' }, reader).uri;
}
