// SPDX-License-Identifier: Apache-2.0
import {
  createIdentifierTable,
  type IdentifierSystem,
  type IdentifierTable,
} from '@chartwitness/chaincode/domain';

/**
 * The table by which a service reads identifiers.
 * @param clock milliseconds since the epoch: some numbers tell their century only by the current year.
 */
export function identifierTable(systems: readonly IdentifierSystem[], clock: () => number): IdentifierTable {
  return createIdentifierTable(systems, () => new Date(clock()).getUTCFullYear());
}
