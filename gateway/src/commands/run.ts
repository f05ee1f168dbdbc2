// SPDX-License-Identifier: Apache-2.0
import { Command, CommanderError } from 'commander';
import { ConfigError } from '../config';
import { PortBusyError } from '../http/listen';
import { demoCommand } from './demo';
import { ledgerCommand } from './ledger';
import { readModelCommand } from './readModel';
import { serveCommand } from './serve';

/** Errors whose message says all that the user needs; anything else is shown with its stack. */
const SELF_EXPLAINING = [ConfigError, PortBusyError];

/**
 * The `chartwitness` command line.
 * @returns the exit code: 0 done, 1 failed, 2 called wrongly.
 */
export async function run(argv: readonly string[]): Promise<number> {
  const program = new Command('chartwitness')
    .description('See who opened your medical record, and prove it.')
    .exitOverride()
    .showHelpAfterError('(chartwitness --help shows the commands)')
    .addHelpText(
      'after',
      `
Start here:
  chartwitness demo          everything in one process, with synthetic patients and a day of traffic
  chartwitness serve --help  one role for real, configured by environment variables
  chartwitness ledger --help the embedded ledger alone, for any chaincode`,
    );
  for (const command of [demoCommand(), serveCommand(), readModelCommand(), ledgerCommand()]) {
    program.addCommand(command.exitOverride());
  }
  try {
    await program.parseAsync(argv);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return report(error);
  }
}

function report(error: unknown): number {
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? 0 : 2;
  }
  const known = SELF_EXPLAINING.some((kind) => error instanceof kind);
  process.stderr.write(`${known ? (error as Error).message : describe(error)}\n`);
  return 1;
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
