// SPDX-License-Identifier: Apache-2.0
import type { Response } from 'express';
import type { AccessLimits } from './limits';

export type SendLimits = Pick<AccessLimits, 'sendIdleMs' | 'sendBytesPerSecond'>;

/**
 * Clinical answers are never kept by caches, and carry no validator by which a change could be noticed
 * without a record.
 */
export function sendFhir(response: Response, status: number, body: string): void {
  response.statusCode = status;
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Content-Type', 'application/fhir+json; charset=utf-8');
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.end(body);
}

/**
 * Sends an answer that stays in memory, and keeps its place there, until it is taken in. The caller is cut
 * off when it takes in nothing for `sendIdleMs`, or when the whole answer takes longer than at
 * `sendBytesPerSecond`, and `sendIdleMs` besides.
 */
export function sendWithin(
  response: Response,
  body: string,
  { sendIdleMs, sendBytesPerSecond }: SendLimits,
): void {
  const wholeMs = sendIdleMs + (Buffer.byteLength(body) / sendBytesPerSecond) * 1000;
  const timer = setTimeout(() => {
    response.destroy();
  }, wholeMs);
  response.once('close', () => {
    clearTimeout(timer);
  });
  response.setTimeout(sendIdleMs);
  sendFhir(response, 200, body);
}
