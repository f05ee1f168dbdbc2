// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';

/**
 * One environment variable: what it means, an example that is shown with every complaint about it, and its
 * form.
 */
export interface Variable {
  readonly what: string;
  readonly example: string;
  readonly form: z.ZodType;
}

export type Variables = Readonly<Record<string, Variable>>;

type FormsOf<T extends Variables> = { readonly [Name in keyof T]: T[Name]['form'] };

/** The forms of variables, together as the form of an environment. */
export function shapeOf<T extends Variables>(variables: T): z.ZodObject<FormsOf<T>> {
  const forms = Object.entries(variables).map(([name, { form }]) => [name, form] as const);
  return z.object(Object.fromEntries(forms) as FormsOf<T>);
}
