// SPDX-License-Identifier: Apache-2.0
import { Command } from 'commander';
import { join, resolve } from 'node:path';
import { runCheck, runDemo } from '../demo/runDemo';

/** `chartwitness demo`. */
export function demoCommand(): Command {
  return new Command('demo')
    .description(
      'The whole system in one process: two hospitals, the trustee, eight synthetic patients, a day of traffic.',
    )
    .option('--fresh', 'start over: delete the data of earlier runs first')
    .option(
      '--check',
      'play the story once on free ports in a temporary folder, verify each step over HTTP, exit 0 or 1',
    )
    .option('--no-traffic', 'start without the day of traffic')
    .option('--data-dir <dir>', 'where keys, ledger and stores live', '.data')
    .option('--port <port>', 'port of the portal; the hospitals take the two after it (0: free ones)', '8100')
    .option('--log-level <level>', 'fatal, error, warn, info, debug or trace', 'warn')
    .addHelpText(
      'after',
      `
Prints the portal's address and the patients' sign-in names, and writes all of it to DIR/demo.json for programs.
Everything in it is synthetic. Stop it with Ctrl-C; the data stay and are used again.`,
    )
    .action(async (options: DemoFlags) => {
      const say = (line: string): void => {
        process.stdout.write(`${line}\n`);
      };
      if (options.check === true) {
        process.exitCode = await runCheck({ say, logLevel: options.logLevel });
        return;
      }
      const dataDir = resolve(options.dataDir);
      await runDemo({
        dataDir,
        demoFile: join(dataDir, 'demo.json'),
        fresh: options.fresh === true,
        traffic: options.traffic,
        port: parsePort(options.port),
        logLevel: options.logLevel,
        say,
      });
    });
}

interface DemoFlags {
  readonly fresh?: true;
  readonly check?: true;
  readonly traffic: boolean;
  readonly dataDir: string;
  readonly port: string;
  readonly logLevel: string;
}

const HIGHEST_PORT = 65_533;

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > HIGHEST_PORT) {
    throw new RangeError(`--port must be a number from 0 to ${String(HIGHEST_PORT)}, not "${text}"`);
  }
  return port;
}
