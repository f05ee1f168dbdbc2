// SPDX-License-Identifier: Apache-2.0
import { loadShimParts } from './shimParts';

/** The shim's levels, most important first. */
const LEVELS = ['error', 'warn', 'info', 'debug'];
const DEFAULT_LEVEL = 'info';
/** Loggers that say something for each message or transaction. */
const TALKATIVE = [
  'lib/handler.js',
  'lib/stub.js',
  'contracts-spi/chaincodefromcontract.js',
  'contracts-spi/datamarshall.js',
  './lib/contract.js',
  './lib/jsontransactionserializer.js',
];

/**
 * Makes levels that are off cost nothing. The shim's logger formats every line, with a time stamp, before it
 * drops it: a tenth of the processor time of a batch.
 * @param level as `CORE_CHAINCODE_LOGGING_LEVEL` has it: critical, error, warning, info or debug.
 */
export function quietLoggers(level = process.env['CORE_CHAINCODE_LOGGING_LEVEL']): void {
  const wanted = (level ?? '').toLowerCase().replace('warning', 'warn');
  const lowest =
    wanted === 'critical' ? -1 : LEVELS.indexOf(LEVELS.includes(wanted) ? wanted : DEFAULT_LEVEL);
  for (const { getLogger } of loadShimParts().loggers) {
    for (const name of TALKATIVE) {
      const logger = getLogger(name);
      for (const off of LEVELS.slice(lowest + 1)) {
        logger[off] = () => undefined;
      }
    }
  }
}
