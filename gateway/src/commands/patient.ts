// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import type { PatientIdentifier } from '@chartwitness/chaincode/domain';
import { parseDataDir, parseIdentifierSystemsVariable } from '../config/singleVariables';
import { openDatabase } from '../sqlite/openDatabase';
import {
  openPatientAccounts,
  type PatientAccount,
  type PatientAccounts,
} from '../trustee/accounts/patientAccounts';
import { migrateTrusteeDatabase } from '../trustee/trusteeDatabase';
import { writeIdentifierSystems } from '../subjects/identifierText';
import { identifierTable } from '../subjects/networkTable';
import { checked } from './checked';
import { CommandFailed, type CommandIo, PROCESS_IO } from '../cli/commandIo';

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
DATA_DIR is the trustee's, as for serve --role trustee, which may be running meanwhile; put also needs its SUBJECT_IDENTIFIER_SYSTEMS.`,
    );
}

function putCommand(io: CommandIo): Command {
  return new Command('put')
    .description(
      'make an account, or replace the password, name and identifier of the one with this username',
    )
    .requiredOption('--username <username>', 'to sign in with, 1–64 characters, case does not matter')
    .requiredOption('--name <name>', 'the patient’s name, as the portal greets her')
    .requiredOption(
      '--identifier-system <uri>',
      'system of the national identifier: one of SUBJECT_IDENTIFIER_SYSTEMS, or an alias',
    )
    .requiredOption('--identifier-value <value>', 'the identifier, in any of its spellings')
    .addHelpText(
      'after',
      `
The password (12–256 characters, none that many people use) is read from standard input: asked for at a terminal, else piped in. It is
never an argument or a variable, because other programs on the machine can read those.

A new password or another person (identifier) ends the account's sessions and the access of its apps at once.

Examples:
  $ DATA_DIR=/var/lib/chartwitness SUBJECT_IDENTIFIER_SYSTEMS="text https://id.example/national-number" \\
      chartwitness patient put --username maria --name "Maria Example" \\
      --identifier-system https://id.example/national-number --identifier-value 1234567890
  $ pass show maria | chartwitness patient put …`,
    )
    .action(async (flags: PutFlags) => {
      const file = databaseFile(io);
      const identifier = identifierOf(flags, io);
      const password = await io.readSecret('Password: ');
      await withAccounts(file, async (accounts) => {
        const before = accounts.findByUsername(flags.username);
        await put(accounts, { ...flags, identifier }, password);
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

/** In the network's one spelling, so that the account stays the same person's whatever the year. */
function identifierOf(flags: PutFlags, io: CommandIo): PatientIdentifier {
  const systems = parseIdentifierSystemsVariable(io.environment);
  const table = identifierTable(systems, Date.now);
  const normal = table.normalise({ system: flags.identifierSystem, value: flags.identifierValue });
  if (table.systemOf(flags.identifierSystem) === undefined) {
    throw new CommandFailed(
      `--identifier-system ${flags.identifierSystem} is none of the network's, so no access would ever be in this person's list. ` +
        `SUBJECT_IDENTIFIER_SYSTEMS has: ${writeIdentifierSystems(systems)}`,
    );
  }
  if (normal === undefined) {
    throw new CommandFailed('--identifier-value holds neither letter nor number.');
  }
  if (!normal.isWellFormed) {
    io.say(
      'Attention: the number does not have the published length or check digit of its system. The account is that of the number as written; ' +
        'if it is mistyped, its list stays empty or is another person’s. Compare it with the document.',
    );
  }
  return { system: normal.system, value: normal.value };
}

async function put(
  accounts: PatientAccounts,
  flags: PutFlags & { readonly identifier: PatientIdentifier },
  password: string,
): Promise<void> {
  try {
    await accounts.put({
      username: flags.username,
      password,
      name: flags.name,
      identifier: flags.identifier,
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
