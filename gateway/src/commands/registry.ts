// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';
import { readFileSync } from 'node:fs';
import {
  type ConsentPolicy,
  type NetworkSettings,
  type Organisation,
  parseOrganisationInput,
  parseIdentifierSystems,
  parsePolicy,
  type RegistryStatus,
} from '@chartwitness/chaincode/domain';
import { Command, Option } from 'commander';
import { DEFAULT_POLICY } from '../compose/bootstrap';
import { describeLedgerVariables } from '../config/variables';
import {
  IDENTIFIER_TEXT_HELP,
  readIdentifierSystem,
  writeIdentifierSystems,
} from '../subjects/identifierText';
import type { ProvenanceLedger } from '../ledger/provenanceLedger';
import { atLedger } from './atLedger';
import { checked } from './checked';
import { CommandFailed, type CommandIo, PROCESS_IO } from '../cli/commandIo';
import { registryClientCommand } from './registryClient';

/** `chartwitness registry …`: who takes part, and with which keys. */
export function registryCommand(io: CommandIo = PROCESS_IO): Command {
  return new Command('registry')
    .description(
      'The network’s members: settings and organisations (trustee), client applications (each its own).',
    )
    .addCommand(initialiseCommand(io))
    .addCommand(admitCommand(io))
    .addCommand(statusCommand(io, 'suspend', 'suspended'))
    .addCommand(statusCommand(io, 'activate', 'active'))
    .addCommand(listCommand(io))
    .addCommand(registryClientCommand(io))
    .addHelpText(
      'after',
      `
Every command ends with 0 when the ledger says what was asked for, also when it said so before; with 1 when it could not be done.

A new network, as the trustee:
  $ chartwitness registry initialise --identifier-system "us-ssn http://hl7.org/fhir/sid/us-ssn"
  $ chartwitness registry admit --msp-id TrusteeMSP --role trustee --name "Patients' Trustee" --identifier https://trustee.example
  $ chartwitness registry admit --msp-id NorthHospitalMSP --role holder --name "North Hospital" --identifier https://north.example
Then each hospital, as itself:
  $ chartwitness registry client put --client-id north-ehr --name "North EHR" --jwks north-ehr.jwks.json --scope "system/*.rs"

As whom a command runs is decided by environment variables alone; every problem with them is reported at once:
${describeLedgerVariables()}`,
    );
}

function initialiseCommand(io: CommandIo): Command {
  return new Command('initialise')
    .description(
      'set a new network up, once: who the trustee is (the caller), and the rule without a consent on file',
    )
    .option(
      '--default-policy <file>',
      'JSON consent policy for patients without a consent on file (default: the holder’s own staff may treat, nothing else)',
    )
    .requiredOption(
      '--identifier-system <text>',
      `which patient identifiers name subjects: ${IDENTIFIER_TEXT_HELP}; again for a further system, in order of preference`,
      (text: string, before: readonly string[] | undefined) => [...(before ?? []), text],
    )
    .addHelpText(
      'after',
      `
Examples:
  $ chartwitness registry initialise --identifier-system "us-ssn http://hl7.org/fhir/sid/us-ssn urn:oid:2.16.840.1.113883.4.1"
  $ chartwitness registry initialise --identifier-system "text https://id.example/number" --default-policy closed.json
                                                                     # {"rules": [], "default": "deny"}

The settings cannot be changed afterwards.`,
    )
    .action(async (flags: InitialiseFlags) => {
      const policy = flags.defaultPolicy === undefined ? DEFAULT_POLICY : readPolicy(flags.defaultPolicy);
      const identifierSystems = checked('--identifier-system', () =>
        parseIdentifierSystems(flags.identifierSystem.map(readIdentifierSystem)),
      );
      await atLedger(io, async (ledger) => {
        await initialise(io, ledger, { trustee: ledger.mspId, defaultPolicy: policy, identifierSystems });
      });
    });
}

interface InitialiseFlags {
  readonly defaultPolicy?: string;
  readonly identifierSystem: readonly string[];
}

function readPolicy(file: string): ConsentPolicy {
  return checked('--default-policy', () => {
    const defaultPolicy: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return parsePolicy(defaultPolicy);
  });
}

async function initialise(io: CommandIo, ledger: ProvenanceLedger, wanted: NetworkSettings): Promise<void> {
  const known = await ledger.findSettings();
  if (known === undefined) {
    await ledger.initialise(wanted);
    io.say(`The network is set up. Its trustee is ${wanted.trustee}.`);
    return;
  }
  if (!isDeepStrictEqual(known, wanted)) {
    throw new CommandFailed(
      known.trustee === wanted.trustee
        ? 'The network is set up already, with another default policy or other identifier systems. Settings cannot be changed.'
        : `The network is set up already, and its trustee is ${known.trustee}, not ${wanted.trustee}.`,
    );
  }
  io.say(`The network is set up already; nothing to change. Its trustee is ${known.trustee}.`);
}

interface AdmitFlags {
  readonly mspId: string;
  readonly role: Organisation['role'];
  readonly name: string;
  readonly identifier: readonly string[];
}

function admitCommand(io: CommandIo): Command {
  return new Command('admit')
    .description('admit an organisation, or change what is said about it; its status stays (trustee)')
    .requiredOption('--msp-id <id>', 'MSP id, as the channel knows it')
    .addOption(
      new Option('--role <role>', 'what it does').choices(['holder', 'trustee']).makeOptionMandatory(),
    )
    .requiredOption('--name <name>', 'as patients read it')
    .option(
      '--identifier <uri...>',
      'URIs by which it is known outside the ledger (UDAP organization_id), at most 10',
      [],
    )
    .addHelpText(
      'after',
      `
Example:
  $ chartwitness registry admit --msp-id SouthClinicMSP --role holder --name "South Clinic" --identifier https://south.example

The organisation's peer must be in the channel and in its endorsement policy already: that is the channel's configuration.`,
    )
    .action(async ({ mspId, role, name, identifier }: AdmitFlags) => {
      const wanted = checked('The organisation', () =>
        parseOrganisationInput({ mspId, role, name, identifiers: identifier }),
      );
      await atLedger(io, (ledger) => admit(io, ledger, wanted));
    });
}

async function admit(
  io: CommandIo,
  ledger: ProvenanceLedger,
  wanted: Omit<Organisation, 'status'>,
): Promise<void> {
  const known = (await ledger.organisations()).find(({ mspId }) => mspId === wanted.mspId);
  if (known !== undefined && isDeepStrictEqual(known, { ...wanted, status: known.status })) {
    io.say(`${wanted.mspId} is admitted already (${known.status}); nothing to change.`);
    return;
  }
  await ledger.admitOrganisation(wanted);
  io.say(
    known === undefined
      ? `${wanted.mspId} is admitted.`
      : `${wanted.mspId} is changed; it stays ${known.status}.`,
  );
}

function statusCommand(io: CommandIo, name: string, status: RegistryStatus): Command {
  const what = {
    suspended: 'stop an organisation: its requests are refused everywhere, from the next batch on (trustee)',
    active: 'take a suspended organisation back (trustee)',
  };
  return new Command(name)
    .description(what[status])
    .argument('<msp-id>', 'MSP id')
    .addHelpText('after', `\nExample:\n  $ chartwitness registry ${name} SouthClinicMSP`)
    .action(async (mspId: string) => {
      await atLedger(io, async (ledger) => {
        const known = (await ledger.organisations()).find((organisation) => organisation.mspId === mspId);
        if (known?.status === status) {
          io.say(`${mspId} is ${status} already; nothing to change.`);
          return;
        }
        await ledger.setOrganisationStatus(mspId, status);
        io.say(`${mspId} is ${status}.`);
      });
    });
}

function listCommand(io: CommandIo): Command {
  return new Command('list')
    .description('the trustee, the network’s identifier systems and every organisation')
    .option('--json', 'for programs')
    .addHelpText('after', '\nExample:\n  $ chartwitness registry list --json')
    .action(async ({ json }: { json?: true }) => {
      await atLedger(io, async (ledger) => {
        const settings = await ledger.findSettings();
        const organisations = settings === undefined ? [] : await ledger.organisations();
        if (json === true) {
          io.say(JSON.stringify({ settings: settings ?? null, organisations }, null, 2));
          return;
        }
        io.say(
          settings === undefined
            ? 'Not set up yet (chartwitness registry initialise).'
            : `Trustee: ${settings.trustee}\nSUBJECT_IDENTIFIER_SYSTEMS: ${writeIdentifierSystems(settings.identifierSystems)}`,
        );
        for (const { mspId, role, status, name, identifiers } of organisations) {
          io.say(
            `${mspId.padEnd(24)} ${role.padEnd(8)} ${status.padEnd(10)} ${name}  ${identifiers.join(' ')}`,
          );
        }
      });
    });
}
