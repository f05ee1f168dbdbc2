// SPDX-License-Identifier: Apache-2.0
// @ts-check

/**
 * @typedef {'BAD_DESCRIPTION' | 'BINARIES_ABSENT' | 'BINARIES_MIXED' | 'VERSION_UNSUPPORTED' | 'PORT_BUSY' |
 *   'HALF_STARTED' | 'NOT_UP' | 'LEFTOVER_DATA' | 'LOCKED' | 'PART_FAILED' | 'NOT_READY' | 'COMMAND_FAILED' |
 *   'CHAINCODE_NOT_BUILT' | 'EXTERNAL_NETWORK' | 'USAGE'} NetworkErrorCode
 */

/** What went wrong and what the operator does about it. The command line prints both and nothing else. */
export class NetworkError extends Error {
  /**
   * @param {NetworkErrorCode} code closed set; the failure table in scripts/README.md lists every one
   * @param {string} message what is wrong, and where
   * @param {string} remedy what to do now, as an instruction
   */
  constructor(code, message, remedy) {
    super(message);
    this.name = 'NetworkError';
    this.code = code;
    this.remedy = remedy;
  }
}
