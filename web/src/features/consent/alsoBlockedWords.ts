// SPDX-License-Identifier: Apache-2.0
import { labelCode } from '@chartwitness/chaincode/domain';
import { alsoBlocked } from '../../lib/policy/labelReach';
import type { Vocabulary } from '../../words/context';

/**
 * What a block of `labels` withholds besides, in words; none twice, because HL7 has two codes for some
 * subjects. Empty for nothing.
 */
export function alsoBlockedWords(words: Vocabulary, labels: readonly string[]): string {
  const named = labels.map((label) => words.code('label', labelCode(label)));
  const also = alsoBlocked(labels).map((code) => words.code('label', code));
  return words.list([...new Set(also)].filter((word) => !named.includes(word)));
}
