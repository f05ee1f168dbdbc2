// SPDX-License-Identifier: Apache-2.0
import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { gateway, google } from '@hyperledger/fabric-protos';
import { Any } from 'google-protobuf/google/protobuf/any_pb';

/** What one peer or orderer said. */
export interface ErrorDetail {
  address: string;
  mspId: string;
  message: string;
}

const DETAILS_TRAILER = 'grpc-status-details-bin';
const DETAIL_TYPE = 'type.googleapis.com/gateway.ErrorDetail';

/**
 * A gRPC error as a gateway peer sends it: code, message and, in the trailer, google.rpc.Status with the
 * details.
 */
export class RpcError extends Error {
  readonly code: status;
  readonly details: readonly ErrorDetail[];

  constructor(code: status, message: string, details: readonly ErrorDetail[] = []) {
    super(message);
    this.code = code;
    this.details = details;
  }

  toServiceError(): ServiceError {
    const metadata = new Metadata();
    if (this.details.length > 0) {
      metadata.set(DETAILS_TRAILER, Buffer.from(this.#statusBytes()));
    }
    return Object.assign(new Error(this.message), { code: this.code, details: this.message, metadata });
  }

  #statusBytes(): Uint8Array {
    const result = new google.rpc.Status();
    result.setCode(this.code);
    result.setMessage(this.message);
    result.setDetailsList(
      this.details.map(({ address, mspId, message }) => {
        const detail = new gateway.ErrorDetail();
        detail.setAddress(address);
        detail.setMspId(mspId);
        detail.setMessage(message);
        const any = new Any();
        any.setTypeUrl(DETAIL_TYPE);
        any.setValue(detail.serializeBinary());
        return any;
      }),
    );
    return result.serializeBinary();
  }
}

/** The error as gRPC sends it; one that nobody foresaw is INTERNAL and is logged, not told. */
export function asServiceError(error: unknown, log: (line: string) => void): ServiceError {
  if (error instanceof RpcError) {
    return error.toServiceError();
  }
  log(`internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return new RpcError(status.INTERNAL, 'internal error of the embedded ledger').toServiceError();
}
