// SPDX-License-Identifier: Apache-2.0
import { DomainError } from '@chartwitness/chaincode/domain';

/** The domain's error that `run` throws; any other outcome fails the test. */
export function thrown(run: () => unknown): DomainError {
  try {
    run();
  } catch (error) {
    if (error instanceof DomainError) {
      return error;
    }
    throw error;
  }
  throw new Error('expected a refusal');
}
