// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';
import type * as Domain from '@chartwitness/chaincode/domain';
import * as domain from '@chartwitness/chaincode/domain';
import { DEFAULT_POLICY, request } from '../support/network';

const BUILT = path.join(__dirname, '../../../chaincode/dist/domain');

/** Loads the built domain where there is nothing but the language and TextEncoder, as in any browser. */
function loadBare(): typeof Domain {
  const context = vm.createContext({ TextEncoder });
  const loaded = new Map<string, { exports: unknown }>();
  const load = (name: string): unknown => {
    if (!/^\.\/[A-Za-z0-9]+$/.test(name)) {
      throw new Error(`the domain imports ${name}`);
    }
    const known = loaded.get(name);
    if (known !== undefined) {
      return known.exports;
    }
    const module = { exports: {} };
    loaded.set(name, module);
    const source = readFileSync(path.join(BUILT, `${name}.js`), 'utf8');
    const run = vm.runInContext(`(function (module, exports, require) {${source}\n})`, context) as (
      module: unknown,
      exports: unknown,
      require: unknown,
    ) => void;
    run(module, module.exports, load);
    return module.exports;
  };
  return load('./index') as typeof Domain;
}

test('the built domain needs no Node, and says what the source says', () => {
  const bare = loadBare();
  const digest: Domain.Digest = (data) => new Uint8Array(createHash('sha256').update(data).digest());
  const answer = ({
    completeEvent,
    batchRecordOf,
    parseAccessRequest,
  }: typeof Domain): Domain.BatchRecord => {
    const asked = parseAccessRequest(request('a'));
    const at = '2026-11-23T09:30:00.000Z';
    const context = {
      holder: 'NorthHospitalMSP',
      at,
      consent: undefined,
      defaultPolicy: DEFAULT_POLICY,
      refusal: undefined,
    };
    return batchRecordOf({ start: 0, events: [completeEvent(asked, context)] }, digest);
  };
  expect(JSON.stringify(answer(bare))).toBe(JSON.stringify(answer(domain)));
  expect(Object.keys(bare).sort()).toEqual(Object.keys(domain).sort());
  expect(() => bare.parsePolicy({})).toThrow(/^INVALID_INPUT\|/);
});
