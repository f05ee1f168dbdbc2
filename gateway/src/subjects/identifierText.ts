// SPDX-License-Identifier: Apache-2.0
import {
  DomainError,
  IDENTIFIER_FORMS,
  type IdentifierSystem,
  parseIdentifierSystems,
} from '@chartwitness/chaincode/domain';

/** How operators write an identifier system, for help texts. */
export const IDENTIFIER_TEXT_HELP = `<form> <uri> [<alias uri> …], the form one of ${IDENTIFIER_FORMS.join(', ')}`;

/**
 * One identifier system from an operator's text: {@link IDENTIFIER_TEXT_HELP}, parts separated by blanks.
 * @throws DomainError `INVALID_INPUT` naming what is wrong.
 */
export function readIdentifierSystem(text: string): IdentifierSystem {
  const [read] = parseIdentifierSystems([partsOf(text)]);
  if (read === undefined) {
    throw new DomainError('INVALID_INPUT', 'no identifier system');
  }
  return read;
}

/**
 * Several of them in the network's order, separated by semicolons; errors as {@link readIdentifierSystem}.
 */
export function readIdentifierSystems(text: string): readonly IdentifierSystem[] {
  return parseIdentifierSystems(text.split(';').map(partsOf));
}

/** What {@link readIdentifierSystems} reads as these systems. */
export function writeIdentifierSystems(systems: readonly IdentifierSystem[]): string {
  return systems.map(({ form, system, aliases }) => [form, system, ...aliases].join(' ')).join('; ');
}

function partsOf(text: string): unknown {
  const [form, system, ...aliases] = text.trim().split(/\s+/);
  return { form, system, aliases };
}
