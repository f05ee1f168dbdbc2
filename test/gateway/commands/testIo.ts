// SPDX-License-Identifier: Apache-2.0
import type { Command } from 'commander';
import type { CommandIo } from '../../../gateway/src/cli/commandIo';
import type { Environment } from '../../../gateway/src/config/environment';

/** Runs a command line in this process. @returns what it said; throws what the command throws. */
export async function runCommand(
  make: (io: CommandIo) => Command,
  environment: Environment,
  line: readonly string[],
  secret = '',
): Promise<string> {
  const said: string[] = [];
  const command = make({
    environment,
    say: (text) => void said.push(text),
    readSecret: () => Promise.resolve(secret),
  });
  quiet(command);
  await command.parseAsync([...line], { from: 'user' });
  return said.join('\n');
}

/** Wrong usage is thrown, not printed. */
function quiet(command: Command): void {
  command.exitOverride().configureOutput({ writeErr: () => undefined });
  command.commands.forEach(quiet);
}
