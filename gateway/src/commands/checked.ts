// SPDX-License-Identifier: Apache-2.0
import { DomainError } from '@chartwitness/chaincode/domain';
import { CommandFailed } from '../cli/commandIo';

/**
 * What `read` makes of the caller's input.
 * @throws {@link CommandFailed} that names the input and every problem.
 */
export function checked<T>(input: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const problem =
      error instanceof DomainError ? error.detail : error instanceof Error ? error.message : String(error);
    throw new CommandFailed(`${input} cannot be used: ${problem}`, { cause: error });
  }
}
