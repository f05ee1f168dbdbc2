// SPDX-License-Identifier: Apache-2.0
import { loadShimParts } from '../../../chaincode/src/shim/shimParts';
import { quietLoggers } from '../../../chaincode/src/shim/quietLoggers';

const LEVELS = ['error', 'warn', 'info', 'debug'];

describe.each([0, 1])('of the shim and of the contract API (%i)', (index) => {
  test.each([
    ['critical', LEVELS],
    ['error', ['warn', 'info', 'debug']],
    ['WARNING', ['info', 'debug']],
    ['', ['debug']],
    ['nonsense', ['debug']],
    ['debug', []],
  ])('at level "%s" exactly %j do nothing', (level, off) => {
    const logger = loadShimParts().loggers[index]?.getLogger('lib/handler.js') ?? {};
    const heard: string[] = [];
    for (const name of LEVELS) {
      logger[name] = () => heard.push(name);
    }
    quietLoggers(level);
    for (const name of LEVELS) {
      logger[name]?.('a line');
    }
    expect(heard).toEqual(LEVELS.filter((name) => !off.includes(name)));
  });
});
