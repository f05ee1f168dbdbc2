// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from 'react';
import { safeName, shortName } from '../lib/safeName';

interface NameProps {
  readonly children: string;
  /** In lists, where an overlong name would push everything else away; a number is its greatest length. */
  readonly isShort?: boolean | number;
}

/** A name from outside: without disguising characters, isolated from the direction of its surroundings. */
export function Name({ children, isShort = false }: NameProps): ReactNode {
  return (
    <bdi className="name">
      {isShort === false ? safeName(children) : shortName(children, isShort === true ? undefined : isShort)}
    </bdi>
  );
}
