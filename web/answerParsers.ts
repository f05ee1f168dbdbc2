// SPDX-License-Identifier: Apache-2.0
import type { Plugin } from 'vite';
import { z, type ZodType } from 'zod';
import * as schemas from '../gateway/src/api/schemas';
import { KEYWORDS, type AnswerSchema } from './src/lib/answerParser';

const FIRST_ANSWERS = ['me', 'accessEntry', 'accessList', 'problem'] as const;
const CONSENT_ANSWERS = ['consentDocument', 'consentHistory', 'consentPreview'] as const;

/** The answers that the portal reads: those of the first page, and those of the pages about the consent. */
export const ANSWERS = [...FIRST_ANSWERS, ...CONSENT_ANSWERS];
type Answer = (typeof ANSWERS)[number];

const ID = '@api/schemas';
const RESOLVED = '\0answer-parsers';
const RESOLVED_CONSENT = '\0consent-answer-parsers';
/** The one module that reads consents: what it imports is not part of the first page. */
const CONSENT_READER = /\/lib\/consentApi\.ts$/;
/** Describe a schema; decide nothing. `format` repeats a `pattern` that is there as well. */
const SILENT: ReadonlySet<string> = new Set([
  '$schema',
  'id',
  '$id',
  'title',
  'description',
  'format',
  'default',
]);

/**
 * Replaces the API contract in the browser's bundle by parsers made from it: the schema library would be a
 * quarter of the first page's download. The contract itself stays the only source.
 */
export function answerParsers(): Plugin {
  return {
    name: 'answer-parsers',
    enforce: 'pre',
    resolveId: (id, importer) => {
      if (id !== ID) {
        return undefined;
      }
      return importer !== undefined && CONSENT_READER.test(importer) ? RESOLVED_CONSENT : RESOLVED;
    },
    load: (id) => {
      if (id === RESOLVED) {
        return moduleText(FIRST_ANSWERS);
      }
      return id === RESOLVED_CONSENT ? moduleText(CONSENT_ANSWERS) : undefined;
    },
  };
}

/** The module that the browser gets in place of the contract. */
export function moduleText(answers: readonly Answer[]): string {
  const shared = new Map<string, string>();
  const parsers = answers.map(
    (name) => `export const ${name} = createAnswerParser(${shareParts(answerSchema(name), shared)});`,
  );
  const parts = [...shared].map(([text, variable]) => `const ${variable} = ${text};`);
  const imported = `import { closedObject, createAnswerParser } from '/src/lib/answerParser.ts';`;
  return [imported, ...parts, ...parsers].join('\n');
}

/**
 * The source text of a value. Every object in it becomes a variable, so that what occurs twice is written
 * once.
 */
function shareParts(value: unknown, shared: Map<string, string>): string {
  if (Array.isArray(value)) {
    return `[${value.map((item) => shareParts(item, shared)).join(',')}]`;
  }
  if (typeof value !== 'object' || value === null) {
    return JSON.stringify(value);
  }
  const text = closedObjectText(value, shared) ?? membersText(value, shared);
  const variable = shared.get(text) ?? `part${String(shared.size)}`;
  shared.set(text, variable);
  return variable;
}

function membersText(value: object, shared: Map<string, string>): string {
  const members = Object.entries(value).map(
    ([name, member]) => `${JSON.stringify(name)}:${shareParts(member, shared)}`,
  );
  return `{${members.join(',')}}`;
}

/**
 * An object that names all its members says which of them may be missing, which are few, and not which may
 * not.
 */
function closedObjectText(schema: AnswerSchema, shared: Map<string, string>): string | undefined {
  const { type, properties, required = [], additionalProperties, ...rest } = schema;
  if (type !== 'object' || properties === undefined || additionalProperties !== false) {
    return undefined;
  }
  if (Object.keys(rest).length > 0) {
    return undefined;
  }
  const optional = Object.keys(properties).filter((name) => !required.includes(name));
  const names = optional.map((name) => JSON.stringify(name)).join(',');
  return `closedObject(${membersText(properties, shared)}${names === '' ? '' : `,[${names}]`})`;
}

/**
 * The JSON Schema of an answer, in the subset that the parser obeys.
 * @throws Error for a keyword outside it.
 */
export function answerSchema(name: Answer): AnswerSchema {
  const schema: ZodType = schemas[name];
  const json = z.toJSONSchema(schema, { io: 'input', reused: 'inline' }) as Record<string, unknown>;
  return simplify(json, (json['$defs'] ?? {}) as Record<string, unknown>, name);
}

function simplify(node: unknown, definitions: Readonly<Record<string, unknown>>, at: string): AnswerSchema {
  const result: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(node as Record<string, unknown>)) {
    if (SILENT.has(keyword) || keyword === '$defs') {
      continue;
    }
    if (keyword === '$ref') {
      return simplify(definitions[String(value).replace('#/$defs/', '')], definitions, at);
    }
    if (!(KEYWORDS as readonly string[]).includes(keyword)) {
      throw new Error(`${at}: the parser does not know "${keyword}"`);
    }
    result[keyword] = simplifyValue(keyword, value, definitions, at);
  }
  return result;
}

function simplifyValue(
  keyword: string,
  value: unknown,
  definitions: Readonly<Record<string, unknown>>,
  at: string,
): unknown {
  if (keyword === 'items') {
    return simplify(value, definitions, `${at}[]`);
  }
  if (keyword === 'anyOf' || keyword === 'oneOf') {
    return (value as readonly unknown[]).map((choice) => simplify(choice, definitions, at));
  }
  if (keyword !== 'properties') {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value as Record<string, unknown>).map(([name, member]) => [
      name,
      simplify(member, definitions, `${at}.${name}`),
    ]),
  );
}
