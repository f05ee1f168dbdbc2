// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { isOnFabric } from '../support/ledgerUnderTest';
import { askAcross, LIFE_CYCLE, MANY_KEYS } from './acrossQuestions';
import { comparable, type Answer } from './answers';
import type { TestNetwork } from './network';
import { startNetwork } from './startNetwork';

/** What a peer of Fabric 3.1.5 said. One of 2.5.16 says the same but for what it does not offer. */
const recorded = JSON.parse(
  readFileSync(path.join(__dirname, 'data', 'across-3.1.5.json'), 'utf8'),
) as Answer[];

const asked = isOnFabric() ? recorded : recorded.filter(({ name }) => name !== LIFE_CYCLE);

describe('several channels answer, and call each other, as those of a Fabric 3.1.5 peer did', () => {
  let network: TestNetwork | undefined;
  let answers = new Map<string, Answer>();

  beforeAll(async () => {
    network = await startNetwork({ channels: true });
    answers = new Map((await askAcross(network)).map((answer) => [answer.name, answer]));
  }, 300_000);
  afterAll(() => network?.close());

  test('every recorded question was asked', () => {
    expect([...answers.keys()].sort()).toEqual(recorded.map(({ name }) => name).sort());
  });

  test.each(asked.map((answer): [string, Answer] => [answer.name, answer]))('%s', (name, expected) => {
    const answer = answers.get(name);
    if (network?.version.startsWith('2.') && name.startsWith(MANY_KEYS)) {
      expect(answer?.result).toContain('not offered');
      return;
    }
    expect(answer && comparable(answer)).toEqual(comparable(expected));
  });
});
