// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from 'react';
import { safeName } from '../lib/safeName';

/** A name from outside: without disguising characters, isolated from the direction of its surroundings. */
export function Name({ children, className }: { readonly children: string; readonly className?: string }): ReactNode {
  return <bdi className={className === undefined ? 'name' : `name ${className}`}>{safeName(children)}</bdi>;
}
