// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { comparable, type Answer } from './answers';
import { startEmbeddedNetwork } from './embeddedNetwork';
import type { TestNetwork } from './network';
import { askAll } from './questions';

const recorded = JSON.parse(
  readFileSync(path.join(__dirname, 'data', 'answers-3.1.5.json'), 'utf8'),
) as Answer[];

describe('the embedded ledger answers as a Fabric 3.1.5 peer did', () => {
  let network: TestNetwork | undefined;
  let answers = new Map<string, Answer>();

  beforeAll(async () => {
    network = await startEmbeddedNetwork({ onExit: 'stop' });
    answers = new Map((await askAll(network)).map((answer) => [answer.name, answer]));
  }, 120_000);

  afterAll(() => network?.close());

  test('every recorded question was asked', () => {
    expect([...answers.keys()].sort()).toEqual(recorded.map(({ name }) => name).sort());
  });

  test.each(recorded.map((answer): [string, Answer] => [answer.name, answer]))('%s', (name, expected) => {
    const answer = answers.get(name);
    expect(answer && comparable(answer)).toEqual(comparable(expected));
  });
});
