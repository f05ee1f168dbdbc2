// SPDX-License-Identifier: Apache-2.0
import { createHmac } from 'node:crypto';
import { subjectPseudonym } from '@chartwitness/chaincode/domain';
import { SYSTEM } from './trusteeHarness';

/** The subject of a test patient under the harness's consortium key. */
export function subjectOf(value: string): string {
  const hmac = (key: Uint8Array, data: Uint8Array): Uint8Array =>
    createHmac('sha256', key).update(data).digest();
  return subjectPseudonym(hmac, Buffer.alloc(32, 7), SYSTEM, value);
}
