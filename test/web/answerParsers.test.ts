// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import * as schemas from '@api/schemas';
import { ANSWERS, answerSchema, moduleText } from '../../web/answerParsers';
import { closedObject, createAnswerParser } from '../../web/src/lib/answerParser';
import { accessList, consentHistory, entry, meAnswer, preview, problemAnswer } from './support/answers';

const EXAMPLES: Readonly<Record<(typeof ANSWERS)[number], unknown>> = {
  me: meAnswer(),
  accessEntry: entry({}),
  accessList: accessList([entry({}), entry({ id: 'second', emergency: { reason: 'Found unconscious' } })]),
  consentDocument: consentHistory().items[0]?.consent,
  consentHistory: consentHistory(),
  consentPreview: preview([entry({})]),
  problem: problemAnswer('LEDGER_UNAVAILABLE', 503),
};

describe.each(ANSWERS)('the parser made from %s', (name) => {
  const parser = createAnswerParser(answerSchema(name));
  const accepts = (value: unknown): boolean => {
    try {
      parser.parse(value);
      return true;
    } catch {
      return false;
    }
  };

  it('accepts what the contract accepts', () => {
    expect(schemas[name].safeParse(EXAMPLES[name]).success).toBe(true);
    expect(parser.parse(EXAMPLES[name])).toBe(EXAMPLES[name]);
  });

  it('refuses and accepts exactly as the contract does, whatever is changed in an answer', () => {
    const places = pathsOf(EXAMPLES[name]);
    const replacement = fc.oneof(
      fc.constantFrom(
        null,
        '',
        'permit',
        'x'.repeat(300),
        -1,
        0,
        1.5,
        2 ** 60,
        true,
        [],
        {},
        '2026-05-03T10:00:00Z',
        '2026-13-03T10:00:00Z',
      ),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...places),
        replacement,
        fc.constantFrom('replace', 'remove', 'add'),
        (path, value, how) => {
          const changed = changeAt(EXAMPLES[name], path, value, how);
          expect(accepts(changed)).toBe(schemas[name].safeParse(changed).success);
        },
      ),
      { numRuns: 600 },
    );
  });
});

it('are written into the bundle so that they say the same', () => {
  const text = moduleText(ANSWERS)
    .replace(/^import .*$/m, '')
    .replaceAll('export const ', 'made.')
    .replaceAll('createAnswerParser(', '(');
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- what the browser runs.
  const run = new Function('closedObject', 'made', text) as (
    closed: typeof closedObject,
    made: object,
  ) => void;
  const made: Partial<Record<(typeof ANSWERS)[number], unknown>> = {};
  run(closedObject, made);
  for (const name of ANSWERS) {
    expect(sorted(made[name])).toEqual(sorted(answerSchema(name)));
  }
});

/** With the names of required members in order: that says nothing. */
function sorted(schema: unknown): unknown {
  if (Array.isArray(schema)) {
    return schema.map(sorted);
  }
  if (typeof schema !== 'object' || schema === null) {
    return schema;
  }
  return Object.fromEntries(
    Object.entries(withRequired(schema)).map(([name, value]) => [
      name,
      name === 'required' && Array.isArray(value) ? [...(value as string[])].sort() : sorted(value),
    ]),
  );
}

/** None required is what is meant where nothing is said of it. */
function withRequired(schema: object): object {
  return 'properties' in schema ? { required: [], ...schema } : schema;
}

it('names the place that does not fit', () => {
  const parser = createAnswerParser(answerSchema('accessList'));
  expect(() => parser.parse({ items: [{ ...entry({}), outcome: 'maybe' }], next: null })).toThrow(
    '$.items[0].outcome',
  );
});

type Path = readonly (string | number)[];

function pathsOf(value: unknown, at: Path = []): readonly Path[] {
  if (typeof value !== 'object' || value === null) {
    return [at];
  }
  const members: readonly (readonly [string | number, unknown])[] = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(value);
  return [at, ...members.flatMap(([name, member]) => pathsOf(member, [...at, name]))];
}

function changeAt(value: unknown, [first, ...rest]: Path, by: unknown, how: string): unknown {
  if (first === undefined) {
    return how === 'add' && typeof value === 'object' && value !== null && !Array.isArray(value)
      ? { ...value, added: by }
      : by;
  }
  const copy = structuredClone(value) as Record<string | number, unknown>;
  if (rest.length === 0 && how === 'remove' && !Array.isArray(copy)) {
    return Object.fromEntries(Object.entries(copy).filter(([name]) => name !== first));
  }
  copy[first] = changeAt(copy[first], rest, by, how);
  return copy;
}
