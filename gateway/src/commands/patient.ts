// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { parseDataDir } from '../config';
import { openDatabase } from '../readmodel/openDatabase';
import {
  migrateTrusteeDatabase,
  openPatientAccounts,
  type PatientAccount,
  type PatientAccounts,
} from '../trustee/patientAccounts';
import { checked } from './checked';
import { CommandFailed, type CommandIo, PROCESS_IO } from './commandIo';

interface PutFlags {
  readonly username: string;
  readonly name: string;
  readonly identifierSystem: string;
  readonly identifierValue: string;
}

/** `chartwitness patient …`: who may sign in at the trustee's own sign-in. */
export function patientCommand(io: CommandIo = PROCESS_IO): Command {
  return new Command('patient')
    .description(
      'Patients’ accounts at the trustee’s own sign-in; not needed with an external OpenID provider.',
    )
    .addCommand(putCommand(io))
    .addCommand(removeCommand(io))
    .addHelpText(
      'after',
      `
DATA_DIR is the trustee's, as for serve --role trustee, which may be running meanwhile.`,
    );
}

function putCommand(io: CommandIo): Command {
  return new Command('put')
    .description(
      'make an account, or replace the password, name and identifier of the one with this username',
    )
    .requiredOption('--username <username>', 'to sign in with, 1–64 characters, case does not matter')
    .requiredOption('--name <name>', 'the patient’s name, as the portal greets her')
    .requiredOption('--identifier-system <uri>', 'system of the national identifier, as the hospitals use it')
    .requiredOption('--identifier-value <value>', 'the identifier')
    .addHelpText(
      'after',
      `
The password (12–256 characters, none that many people use) is read from standard input: asked for at a terminal, else piped in. It is
never an argument or a variable, because other programs on the machine can read those.

A new password or another person (identifier) ends the account's sessions and the access of its apps at once.

Examples:
  $ DATA_DIR=/var/lib/chartwitness chartwitness patient put --username maria --name "Maria Example" \\
      --identifier-system https://id.example/national-number --identifier-value 1234567890
  $ pass show maria | chartwitness patient put …`,
    )
    .action(async (flags: PutFlags) => {
      const file = databaseFile(io);
      const password = await io.readSecret('Password: ');
      await withAccounts(file, async (accounts) => {
        const before = accounts.findByUsername(flags.username);
        await put(accounts, flags, password);
        io.say(
          `The account ${flags.username} is ${whatBecame(before, accounts.findByUsername(flags.username))}.`,
        );
      });
    });
}

function whatBecame(before: PatientAccount | undefined, after: PatientAccount | undefined): string {
  if (before === undefined) {
    return 'made';
  }
  return before.login === after?.login
    ? 'replaced: same person and password, so its sessions go on'
    : 'replaced; its sessions and the access of its apps have ended';
}

async function put(accounts: PatientAccounts, flags: PutFlags, password: string): Promise<void> {
  try {
    await accounts.put({
      username: flags.username,
      password,
      name: flags.name,
      identifier: { system: flags.identifierSystem, value: flags.identifierValue },
    });
  } catch (error) {
    checked('The account', () => {
      throw error;
    });
  }
}

function removeCommand(io: CommandIo): Command {
  return new Command('remove')
    .description('end an account: its sessions and tokens are refused from the next request on')
    .requiredOption('--username <username>', 'of the account')
    .addHelpText(
      'after',
      `
What the ledger and the list say about the patient stays.

Example:
  $ DATA_DIR=/var/lib/chartwitness chartwitness patient remove --username maria`,
    )
    .action(async ({ username }: { username: string }) => {
      await withAccounts(databaseFile(io), (accounts) => {
        const account = accounts.findByUsername(username);
        if (account === undefined) {
          io.say(`There is no account ${username}; nothing to change.`);
        } else {
          accounts.remove(account.id);
          io.say(`The account ${username} is removed.`);
        }
        return Promise.resolve();
      });
    });
}

function databaseFile({ environment }: CommandIo): string {
  const dataDir = parseDataDir(environment);
  if (!existsSync(dataDir)) {
    throw new CommandFailed(
      `DATA_DIR=${dataDir} does not exist. Start the trustee once (chartwitness serve --role trustee), or make the folder.`,
    );
  }
  return join(dataDir, 'accounts.db');
}

async function withAccounts(file: string, work: (accounts: PatientAccounts) => Promise<void>): Promise<void> {
  const database = openDatabase(file);
  try {
    migrateTrusteeDatabase(database);
    await work(openPatientAccounts(database));
  } finally {
    database.close();
  }
}
