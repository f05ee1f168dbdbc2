// SPDX-License-Identifier: Apache-2.0
import type { FabricGateway } from './gateway';

/**
 * Seeded consents are what the ledger decides by: at both ends of the seeded range, who permits is permitted
 * and who denies is refused.
 * @throws Error that names the person
 */
export async function checkDecisions(gateway: FabricGateway, seeded: number): Promise<void> {
  const people = [0, 9, seeded - 2, seeded - 1].filter((person) => person >= 0 && person < seeded);
  for (const { person, isDenied, permitted } of await gateway.ask('decide', { people })) {
    if (permitted.length === 0 || permitted.some((item) => item === isDenied)) {
      throw new Error(`the seeded consent of person ${String(person)} is not what decided`);
    }
  }
}
