// SPDX-License-Identifier: Apache-2.0
import { Command, Option } from 'commander';
import { parseHospitalConfig } from '../config/hospitalConfig';
import { parseTrusteeConfig } from '../config/trusteeConfig';
import { describeVariables } from '../config/variables';
import { untilSignal } from '../cli/untilSignal';

/** `chartwitness serve --role hospital|trustee`. */
export function serveCommand(): Command {
  return new Command('serve')
    .description('Run one role of the network until SIGINT or SIGTERM.')
    .addOption(
      new Option('--role <role>', 'which role to run').choices(['hospital', 'trustee']).makeOptionMandatory(),
    )
    .addHelpText(
      'after',
      `
hospital  the gateway that a hospital's systems call: tokens, FHIR, consent, recording
trustee   the patients' side: sign-in, portal, patient API, read model

Configured by environment variables; every problem is reported at once:
${describeVariables()}

Without FABRIC_PEER_ENDPOINT the embedded ledger is started in this process, in DATA_DIR/ledger, and its connection profile is written
to DATA_DIR/ledger/profile.json, so that the other role can join it. It is one process, not independent parties.`,
    )
    .action(async (options: { role: 'hospital' | 'trustee' }) => {
      // Loaded here, so that help and complaints about the command line do not wait for the whole product.
      const { serveHospital, serveTrustee } = await import('../compose/serve.js');
      const say = (line: string): void => {
        process.stderr.write(`${line}\n`);
      };
      const running =
        options.role === 'hospital'
          ? await serveHospital(parseHospitalConfig(process.env))
          : await serveTrustee(parseTrusteeConfig(process.env));
      say(`The ${options.role} role answers at ${running.url}`);
      await untilSignal(() => running.close(), say);
    });
}
