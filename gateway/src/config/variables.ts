// SPDX-License-Identifier: Apache-2.0
import { COMMON_VARIABLES } from './commonVariables';
import { FABRIC_VARIABLES } from './fabricVariables';
import { HOSPITAL_VARIABLES, LIMIT_VARIABLES_OF_AN_ACCESS } from './hospitalVariables';
import { TRUSTEE_VARIABLES } from './trusteeVariables';
import type { Variable } from './variable';

/** All variables, each once. */
export const VARIABLES = {
  ...COMMON_VARIABLES,
  ...FABRIC_VARIABLES,
  ...HOSPITAL_VARIABLES,
  ...LIMIT_VARIABLES_OF_AN_ACCESS,
  ...TRUSTEE_VARIABLES,
} as const;

export type VariableName = keyof typeof VARIABLES;

/** One line a variable, for `--help`. */
export function describeVariables(): string {
  return describe(() => true);
}

/** The same for the variables that a command reads that only talks to the peer. */
export function describeLedgerVariables(): string {
  return describe((name) => name.startsWith('FABRIC_'));
}

function describe(isWanted: (name: string) => boolean): string {
  return Object.entries<Variable>(VARIABLES)
    .filter(([name]) => isWanted(name))
    .map(([name, { what, example }]) => `  ${name}\n      ${what}; for instance ${example}`)
    .join('\n');
}
