// SPDX-License-Identifier: Apache-2.0
// @ts-check

/** @typedef {import('./description.mjs').Network} Network */
/** @typedef {import('./description.mjs').DescriptionOptions} DescriptionOptions */
/** @typedef {'up' | 'deploy' | 'status' | 'logs' | 'down' | 'clean'} Command */

/** How each option of a description is spelled on the command line. */
const FLAGS = /** @type {const} */ ([
  ['file', '--network'],
  ['dataDir', '--data'],
  ['portBase', '--port-base'],
  ['maxMessageCount', '--max-message-count'],
  ['batchTimeout', '--batch-timeout'],
  ['chaincodePath', '--chaincode'],
]);

/**
 * A command about the same network, as it is to be typed: with every option that this network was named by. Without them it would be about
 * another network, which `clean` would remove. All that is printed for the operator to run is made here.
 * @param {Pick<Network, 'options'> & Partial<Pick<Network, 'external'>>} network @param {Command} command
 * @param {Partial<DescriptionOptions>} [instead] options that shall differ
 */
export function printedCommand(network, command, instead = {}) {
  // What starts this network's own processes on a network of other tools.
  const applicable = command === 'up' && network.external !== undefined ? 'deploy' : command;
  const options = { ...network.options, ...instead };
  const given = FLAGS.flatMap(([name, flag]) => {
    const value = options[name];
    return value === undefined ? [] : [flag, quoted(String(value))];
  });
  return `\`npm run network -- ${[applicable, ...given].join(' ')}\``;
}

/** As one word of a POSIX shell. @param {string} word */
function quoted(word) {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
