// SPDX-License-Identifier: Apache-2.0
import type { DescriptionOptions, Network } from './description';

export type Command = 'up' | 'deploy' | 'status' | 'logs' | 'down' | 'clean';

/** How each option of a description is spelled on the command line. */
const FLAGS = [
  ['file', '--network'],
  ['dataDir', '--data'],
  ['portBase', '--port-base'],
  ['maxMessageCount', '--max-message-count'],
  ['batchTimeout', '--batch-timeout'],
  ['chaincodePath', '--chaincode'],
] as const;

/**
 * A command about the same network, as it is to be typed: with every option that this network was named by.
 * Without them it would be about another network, which `clean` would remove. All that is printed for the
 * operator to run is made here.
 * @param instead options that shall differ
 */
export function printedCommand(
  network: Pick<Network, 'options'> & Partial<Pick<Network, 'external'>>,
  command: Command,
  instead: Partial<DescriptionOptions> = {},
) {
  // What starts this network's own processes on a network of other tools.
  const applicable = command === 'up' && network.external !== undefined ? 'deploy' : command;
  const options = { ...network.options, ...instead };
  const given = FLAGS.flatMap(([name, flag]) => {
    const value = options[name];
    return value === undefined ? [] : [flag, quoted(String(value))];
  });
  return `\`npm run network -- ${[applicable, ...given].join(' ')}\``;
}

/** As one word of a POSIX shell. */
function quoted(word: string) {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
