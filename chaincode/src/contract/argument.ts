// SPDX-License-Identifier: Apache-2.0
import { DomainError } from '../domain';
import type { ProvenanceContext } from './context';

const MAX_ARGUMENT_CHARACTERS = 262_144;

/** A JSON argument. @throws DomainError `INVALID_INPUT` when it is too long or not JSON. */
export function jsonArgument(text: string, name: string): unknown {
  if (text.length > MAX_ARGUMENT_CHARACTERS) {
    throw new DomainError('INVALID_INPUT', `${name}: more than ${MAX_ARGUMENT_CHARACTERS} characters`);
  }
  return parseJson(text, name);
}

/**
 * Text that the caller passes beside the transaction, so that it never reaches a block.
 * @throws DomainError `INVALID_INPUT`.
 */
export function transientText(ctx: ProvenanceContext, name: string, maxBytes: number): string {
  const bytes = ctx.stub.getTransient().get(name);
  if (bytes === undefined) {
    throw new DomainError('INVALID_INPUT', `transient ${name}: missing`);
  }
  if (bytes.length > maxBytes) {
    throw new DomainError(
      'INVALID_INPUT',
      `transient ${name}: ${bytes.length} bytes, at most ${maxBytes} allowed`,
    );
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new DomainError('INVALID_INPUT', `transient ${name}: not UTF-8`);
  }
}

/** {@link transientText} as JSON. */
export function transientJson(ctx: ProvenanceContext, name: string, maxBytes: number): unknown {
  return parseJson(transientText(ctx, name, maxBytes), `transient ${name}`);
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The parser's own message quotes its input, which may be personal.
    throw new DomainError('INVALID_INPUT', `${name}: not JSON`);
  }
}
