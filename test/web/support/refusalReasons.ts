// SPDX-License-Identifier: Apache-2.0
import { basis } from '@api/schemas';
import { z } from 'zod';

/** Every reason of the contract's `refused` basis. */
export function refusalReasons(): readonly string[] {
  const refused = basis.options.find((option) => option.shape.kind.value === 'refused');
  const reason: unknown = refused?.shape && 'reason' in refused.shape ? refused.shape.reason : undefined;
  if (!(reason instanceof z.ZodEnum)) {
    throw new Error('the contract has no refused basis with reasons');
  }
  return reason.options.map(String);
}
