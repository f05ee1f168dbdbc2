// SPDX-License-Identifier: Apache-2.0
import { destination, type Logger, pino, stdSerializers } from 'pino';
import { LedgerError, remedyOf } from '../ledger/ledgerError';

const STDOUT = 1;
/** Lines that wait for room on the disk; beyond it they are lost. */
const MAX_WAITING_BYTES = 1024 * 1024;

/**
 * A service's log, one JSON object a line. Where the log cannot be written (its file lies on a full disk) the
 * service goes on without it: the library's own destination would end the process, and hang in doing so until
 * there is room.
 * @param fd where to; standard output unless given.
 */
export function serviceLog(level: string, fd = STDOUT): Logger {
  const stream = destination({ fd, sync: true, maxLength: MAX_WAITING_BYTES });
  stream.on('error', () => {
    // There is nowhere to say it. What waits is written with the next line, if that can be.
  });
  return pino({ level, serializers: { err: errorLine } }, stream);
}

/**
 * A ledger's failure says all in its message and its names: where in this program it was thrown helps nobody,
 * and each error that it was made of would repeat the peer's words. Every other error keeps its stack.
 */
export function errorLine(error: unknown): unknown {
  if (!(error instanceof LedgerError)) {
    if (!(error instanceof Error)) {
      return error;
    }
    const { name, message, cause } = error;
    return cause instanceof LedgerError
      ? { type: name, message, cause: errorLine(cause) }
      : stdSerializers.err(error);
  }
  const { name, kind, domainCode, reason, transactionId, message } = error;
  return { type: name, kind, domainCode, reason, remedy: remedyOf(error), transactionId, message };
}
