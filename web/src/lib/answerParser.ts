// SPDX-License-Identifier: Apache-2.0

/**
 * Something that accepts values of one form only: a schema of the API contract, or a parser made from one.
 */
export interface AnswerParser<T> {
  /** @throws Error naming the first place that does not have the documented form. */
  readonly parse: (value: unknown) => T;
}

type TypeName = 'object' | 'array' | 'string' | 'number' | 'integer' | 'boolean' | 'null';

/** The part of JSON Schema 2020-12 that the contract's answers use. */
export interface AnswerSchema {
  readonly type?: TypeName | readonly TypeName[];
  readonly properties?: Readonly<Record<string, AnswerSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: false;
  readonly items?: AnswerSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly AnswerSchema[];
  readonly oneOf?: readonly AnswerSchema[];
}

/**
 * Every keyword that {@link createAnswerParser} obeys. A schema with another one must be refused, not half
 * obeyed.
 */
export const KEYWORDS: readonly (keyof AnswerSchema)[] = [
  'type', 'properties', 'required', 'additionalProperties', 'items', 'minItems', 'maxItems', 'minLength', 'maxLength', 'pattern',
  'minimum', 'maximum', 'enum', 'const', 'anyOf', 'oneOf',
]; // prettier-ignore

/**
 * The schema of an object that has all of `properties` but, at will, the `optional` ones, and nothing else.
 */
export function closedObject(
  properties: Readonly<Record<string, AnswerSchema>>,
  optional: readonly string[] = [],
): AnswerSchema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', properties, required, additionalProperties: false };
}

/** A parser for `schema`. The value is returned as it is: what is checked is not copied. */
export function createAnswerParser<T>(schema: AnswerSchema): AnswerParser<T> {
  return {
    parse: (value) => {
      const problem = findProblem(schema, value, '$');
      if (problem !== undefined) {
        throw new Error(problem);
      }
      return value as T;
    },
  };
}

function findProblem(schema: AnswerSchema, value: unknown, at: string): string | undefined {
  return choiceProblem(schema, value, at) ?? contentProblem(schema, value, at);
}

function choiceProblem(schema: AnswerSchema, value: unknown, at: string): string | undefined {
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices?.every((choice) => findProblem(choice, value, at) !== undefined) === true) {
    return `${at}: no alternative fits`;
  }
  if (schema.enum?.includes(value) === false) {
    return `${at}: not one of the values`;
  }
  if ('const' in schema && schema.const !== value) {
    return `${at}: not the value`;
  }
  return hasSomeType(schema.type, value) ? undefined : `${at}: not of type ${String(schema.type)}`;
}

function contentProblem(schema: AnswerSchema, value: unknown, at: string): string | undefined {
  if (typeof value === 'string') {
    return stringProblem(schema, value, at);
  }
  if (typeof value === 'number') {
    return isWithin(value, schema.minimum, schema.maximum) ? undefined : `${at}: out of range`;
  }
  if (Array.isArray(value)) {
    return arrayProblem(schema, value, at);
  }
  if (typeof value !== 'object' || value === null) {
    return undefined;
  }
  return objectProblem(schema, value as Record<string, unknown>, at);
}

function hasSomeType(types: AnswerSchema['type'], value: unknown): boolean {
  if (types === undefined) {
    return true;
  }
  return typeof types === 'string' ? hasType(types, value) : types.some((type) => hasType(type, value));
}

function hasType(type: TypeName, value: unknown): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'integer':
      return Number.isSafeInteger(value);
    case 'number':
      return Number.isFinite(value);
    case 'string':
    case 'boolean':
      return typeof value === type;
  }
}

const expressions = new Map<string, RegExp>();

function stringProblem(schema: AnswerSchema, value: string, at: string): string | undefined {
  if (!isWithin(value.length, schema.minLength, schema.maxLength)) {
    return `${at}: wrong length`;
  }
  if (schema.pattern === undefined) {
    return undefined;
  }
  let expression = expressions.get(schema.pattern);
  if (expression === undefined) {
    expression = new RegExp(schema.pattern);
    expressions.set(schema.pattern, expression);
  }
  return expression.test(value) ? undefined : `${at}: does not match`;
}

function arrayProblem(schema: AnswerSchema, value: readonly unknown[], at: string): string | undefined {
  if (!isWithin(value.length, schema.minItems, schema.maxItems)) {
    return `${at}: wrong number of items`;
  }
  if (schema.items === undefined) {
    return undefined;
  }
  for (const [index, item] of value.entries()) {
    const problem = findProblem(schema.items, item, `${at}[${String(index)}]`);
    if (problem !== undefined) {
      return problem;
    }
  }
  return undefined;
}

function objectProblem(
  schema: AnswerSchema,
  value: Readonly<Record<string, unknown>>,
  at: string,
): string | undefined {
  const missing = schema.required?.find((name) => !Object.hasOwn(value, name));
  if (missing !== undefined) {
    return `${at}.${missing}: is missing`;
  }
  for (const [name, member] of Object.entries(value)) {
    const known =
      schema.properties && Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
    if (known === undefined) {
      if (schema.additionalProperties === false) {
        return `${at}.${name}: is not documented`;
      }
      continue;
    }
    const problem = findProblem(known, member, `${at}.${name}`);
    if (problem !== undefined) {
      return problem;
    }
  }
  return undefined;
}

function isWithin(value: number, least = -Infinity, most = Infinity): boolean {
  return value >= least && value <= most;
}
