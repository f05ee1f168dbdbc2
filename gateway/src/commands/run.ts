// SPDX-License-Identifier: Apache-2.0
import { Command, CommanderError } from 'commander';
import { folderFailure } from '../compose/folderFailure';
import { FolderInUseError } from '../compose/heldFolder';
import { ConfigError } from '../config/configError';
import { PortBusyError } from '../http/listen';
import { KeyFileError } from '../keys/keyFile';
import { HsmError } from '../ledger/hsmSigner';
import { StoreUnavailableError } from '../readmodel/accessStore';
import { MissingIndexError } from '../readmodel/mongoIndexes';
import { TablesDiffer } from '../subjects/tableGuard';
import { CommandFailed } from '../cli/commandIo';
import { demoCommand } from './demo';
import { ledgerCommand } from './ledger';
import { patientCommand } from './patient';
import { readModelCommand } from './readModel';
import { registryCommand } from './registry';
import { serveCommand } from './serve';

/** Errors whose message says all that the user needs; anything else is shown with its stack. */
const SELF_EXPLAINING = [
  ConfigError,
  PortBusyError,
  CommandFailed,
  FolderInUseError,
  HsmError,
  MissingIndexError,
  StoreUnavailableError,
  KeyFileError,
  TablesDiffer,
];

const EXIT_CONFIG = 78;

/**
 * The `chartwitness` command line.
 * @returns the exit code: 0 done, 1 failed, 2 called wrongly, 78 (EX_CONFIG of sysexits.h) the PIN of the
 *   PKCS#11 token is refused.
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
  chartwitness registry --help, patient --help   what an operator sets up
  chartwitness ledger --help the embedded ledger alone, for any chaincode`,
    );
  const commands = [
    demoCommand(),
    serveCommand(),
    registryCommand(),
    patientCommand(),
    readModelCommand(),
    ledgerCommand(),
  ];
  for (const command of commands) {
    program.addCommand(throwing(command));
  }
  try {
    await program.parseAsync(argv);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return report(error);
  }
}

/** The command and all below it throw instead of ending the process. */
function throwing(command: Command): Command {
  command.commands.forEach(throwing);
  return command.exitOverride();
}

function report(error: unknown): number {
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? 0 : 2;
  }
  process.stderr.write(`${describe(error)}\n`);
  // A supervisor can tell this failure from others, and not start again: tokens lock after a few wrong PINs.
  return error instanceof HsmError && error.code === 'PIN_REFUSED' ? EXIT_CONFIG : 1;
}

function describe(error: unknown): string {
  if (SELF_EXPLAINING.some((kind) => error instanceof kind)) {
    return (error as Error).message;
  }
  const place = folderFailure(error);
  if (place !== undefined) {
    return place;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
