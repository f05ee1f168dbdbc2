// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { type ClientInput, parseClientInput, type RegistryStatus } from '@chartwitness/chaincode/domain';
import { Command } from 'commander';
import type { ProvenanceLedger } from '../ledger/provenanceLedger';
import { atLedger } from './atLedger';
import { checked } from './checked';
import type { CommandIo } from '../cli/commandIo';

/** `chartwitness registry client …`: the programs of the caller's own organisation. */
export function registryClientCommand(io: CommandIo): Command {
  return new Command('client')
    .description(
      'client applications: the programs of an organisation that ask gateways, with their public keys',
    )
    .addCommand(putCommand(io))
    .addCommand(statusCommand(io, 'suspend', 'suspended'))
    .addCommand(statusCommand(io, 'activate', 'active'))
    .addCommand(listCommand(io));
}

interface PutFlags {
  readonly clientId: string;
  readonly name: string;
  readonly jwks: string;
  readonly scope: string;
}

function putCommand(io: CommandIo): Command {
  return new Command('put')
    .description(
      'register a program of the own organisation, or change it (also to replace its keys); its status stays',
    )
    .requiredOption('--client-id <id>', 'as its assertions name it')
    .requiredOption('--name <name>', 'as patients read it')
    .requiredOption(
      '--jwks <file>',
      'JSON Web Key Set (RFC 7517) with its public keys; a file with private keys is refused',
    )
    .option('--scope <scopes>', 'SMART scopes that it may ask for', 'system/*.rs')
    .addHelpText(
      'after',
      `
Example:
  $ chartwitness registry client put --client-id north-ehr --name "North EHR" --jwks north-ehr.jwks.json

To replace a key without a pause: put both keys, let the program sign with the new one, put the new one alone.`,
    )
    .action(async ({ clientId, name, jwks, scope }: PutFlags) => {
      const wanted = checked('The client application', () =>
        // The same check that the ledger makes, so that a private key never leaves this process.
        parseClientInput({ clientId, name, scope, jwks: JSON.parse(readFileSync(jwks, 'utf8')) as unknown }),
      );
      await atLedger(io, (ledger) => put(io, ledger, wanted));
    });
}

async function put(io: CommandIo, ledger: ProvenanceLedger, wanted: ClientInput): Promise<void> {
  const { clientId } = wanted;
  const known = await ledger.findClient(clientId);
  const same =
    known !== undefined && isDeepStrictEqual(known, { ...wanted, org: ledger.mspId, status: known.status });
  if (same) {
    io.say(`${clientId} is registered already (${known.status}); nothing to change.`);
    return;
  }
  await ledger.putClient(wanted);
  io.say(
    known === undefined ? `${clientId} is registered.` : `${clientId} is changed; it stays ${known.status}.`,
  );
}

function statusCommand(io: CommandIo, name: string, status: RegistryStatus): Command {
  const what = {
    suspended: 'stop one of the own programs at every gateway, from the next batch on',
    active: 'let it ask again',
  };
  return new Command(name)
    .description(what[status])
    .argument('<client-id>', 'as registered')
    .addHelpText('after', `\nExample:\n  $ chartwitness registry client ${name} north-ehr`)
    .action(async (clientId: string) => {
      await atLedger(io, async (ledger) => {
        const known = await ledger.findClient(clientId);
        if (known?.status === status && known.org === ledger.mspId) {
          io.say(`${clientId} is ${status} already; nothing to change.`);
          return;
        }
        await ledger.setClientStatus(clientId, status);
        io.say(`${clientId} is ${status}.`);
      });
    });
}

function listCommand(io: CommandIo): Command {
  return new Command('list')
    .description('the programs of an organisation')
    .option('--org <msp-id>', 'whose (default: the caller’s own)')
    .option('--json', 'for programs, with the keys')
    .addHelpText('after', '\nExample:\n  $ chartwitness registry client list --org NorthHospitalMSP')
    .action(async ({ org, json }: { org?: string; json?: true }) => {
      await atLedger(io, async (ledger) => {
        const owner = org ?? ledger.mspId;
        const clients = await ledger.clients(owner);
        if (json === true) {
          io.say(JSON.stringify(clients, null, 2));
          return;
        }
        if (clients.length === 0) {
          io.say(`${owner} has no client applications.`);
        }
        for (const { clientId, status, name, scope, jwks } of clients) {
          const keys = jwks.keys.map((key) => String(key['kid'] ?? key['kty'])).join(' ');
          io.say(`${clientId.padEnd(24)} ${status.padEnd(10)} ${name}  scope ${scope}  keys ${keys}`);
        }
      });
    });
}
