// SPDX-License-Identifier: Apache-2.0

export type NetworkErrorCode =
  | 'BAD_DESCRIPTION'
  | 'BINARIES_ABSENT'
  | 'BINARIES_MIXED'
  | 'VERSION_UNSUPPORTED'
  | 'PORT_BUSY'
  | 'HALF_STARTED'
  | 'NOT_UP'
  | 'LEFTOVER_DATA'
  | 'LOCKED'
  | 'PART_FAILED'
  | 'NOT_READY'
  | 'COMMAND_FAILED'
  | 'CHAINCODE_NOT_BUILT'
  | 'EXTERNAL_NETWORK'
  | 'USAGE';

/** What went wrong and what the operator does about it. The command line prints both and nothing else. */
export class NetworkError extends Error {
  override readonly name = 'NetworkError';

  /**
   * @param code closed set; the failure table in scripts/README.md lists every one
   * @param message what is wrong, and where
   * @param remedy what to do now, as an instruction
   */
  readonly code: NetworkErrorCode;
  readonly remedy: string;

  constructor(code: NetworkErrorCode, message: string, remedy: string) {
    super(message);
    this.code = code;
    this.remedy = remedy;
  }
}
