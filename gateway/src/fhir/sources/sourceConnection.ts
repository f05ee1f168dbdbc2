// SPDX-License-Identifier: Apache-2.0
import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { AppError } from '../../errors';
import { sourceFailed } from './sourceFailed';
import { PageTooLarge, type Room } from './upstream';

/** How the source proves itself, and what it is shown. PEM. */
export interface SourceTls {
  /** Instead of the system's certificate authorities. */
  readonly ca?: Uint8Array;
  readonly clientCertificate?: Uint8Array;
  readonly clientKey?: Uint8Array;
}

/** The Bearer token that the source asks for. It may change while the gateway runs. */
export interface BearerToken {
  /** Asked before each request. */
  current(): string;
  /** Asked when the source refused the current one: the token as it is now. */
  reread(): string;
}

/** For one answer of the source, in milliseconds. */
export const DEFAULT_SOURCE_TIMEOUT_MS = 10_000;

export interface ConnectionOptions {
  readonly bearerToken: BearerToken | undefined;
  readonly tls: SourceTls;
  /** For one answer, its body included. */
  readonly timeoutMs: number;
  /** Of one answer's body. */
  readonly maxBytes: number;
}

export interface RawAnswer {
  readonly status: number;
  readonly text: string;
  readonly bytes: number;
}

export type Headers = Readonly<Record<string, string>>;

export interface GetOptions {
  readonly headers: Headers;
  readonly room: Room | undefined;
}

/**
 * GET of a URL, within time, size and room; redirects are not followed.
 * @throws AppError UPSTREAM_FAILED without an answer in time, {@link PageTooLarge}, what the room throws.
 */
export type Get = (url: string, signal: AbortSignal, options: GetOptions) => Promise<RawAnswer>;

export function createConnection(options: ConnectionOptions): Get {
  const { ca, clientCertificate, clientKey } = options.tls;
  const agents = {
    http: new HttpAgent({ keepAlive: true }),
    https: new HttpsAgent({
      keepAlive: true,
      ...(ca === undefined ? {} : { ca: Buffer.from(ca) }),
      ...(clientCertificate === undefined ? {} : { cert: Buffer.from(clientCertificate) }),
      ...(clientKey === undefined ? {} : { key: Buffer.from(clientKey) }),
    }),
  };
  const { bearerToken, timeoutMs, maxBytes } = options;
  const get = async (url: string, signal: AbortSignal, how: GetOptions, token: string | undefined) => {
    const patience = new AbortController();
    const timer = setTimeout(() => {
      patience.abort(new DOMException('the source took too long', 'TimeoutError'));
    }, timeoutMs);
    try {
      const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const headers = { ...how.headers, accept: 'application/fhir+json', ...authorization };
      const question = { url, agents, signal: AbortSignal.any([signal, patience.signal]), headers };
      return await ask(question, { maxBytes, room: how.room });
    } finally {
      clearTimeout(timer);
    }
  };
  return async (url, signal, how) => {
    const token = bearerToken?.current();
    const answer = await get(url, signal, how, token);
    const fresh = answer.status === 401 ? bearerToken?.reread() : token;
    return fresh === token ? answer : get(url, signal, how, fresh);
  };
}

interface Question {
  readonly url: string;
  readonly agents: { readonly http: HttpAgent; readonly https: HttpsAgent };
  readonly signal: AbortSignal;
  readonly headers: Headers;
}

interface Bounds {
  readonly maxBytes: number;
  readonly room: Room | undefined;
}

async function ask(question: Question, bounds: Bounds): Promise<RawAnswer> {
  try {
    const response = await send(question);
    return { status: response.statusCode ?? 0, ...(await readBounded(response, bounds)) };
  } catch (cause) {
    // The URL names a patient, so only the kind of failure is kept.
    throw cause instanceof AppError ? cause : sourceFailed(`the source gave no answer (${kindOf(cause)})`);
  }
}

async function send(question: Question): Promise<IncomingMessage> {
  try {
    return await sendOnce(question);
  } catch (error) {
    // The source may close a kept connection in the moment in which it is used again. A GET may be repeated.
    if (error instanceof ReusedConnectionClosed) {
      return sendOnce(question);
    }
    throw error;
  }
}

class ReusedConnectionClosed extends Error {
  override readonly name = 'ReusedConnectionClosed';
  readonly code = 'ECONNRESET';
}

function sendOnce({ url, agents, signal, headers }: Question): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const isSecure = url.startsWith('https:');
    const request = isSecure
      ? httpsRequest(url, { agent: agents.https, signal, headers })
      : httpRequest(url, { agent: agents.http, signal, headers });
    request.once('response', resolve);
    request.once('error', (error) => {
      const isClosed = kindOf(error) === 'ECONNRESET';
      reject(request.reusedSocket && isClosed && !signal.aborted ? new ReusedConnectionClosed() : error);
    });
    request.end();
  });
}

async function readBounded(
  response: IncomingMessage,
  { maxBytes, room }: Bounds,
): Promise<Pick<RawAnswer, 'text' | 'bytes'>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Leaving the loop closes the connection.
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      throw new PageTooLarge();
    }
    room?.reserve(bytes);
    chunks.push(chunk);
  }
  // Decoded at once: a text that was decoded piece by piece takes twice the memory, and its pieces as much
  // again.
  return { text: new TextDecoder().decode(Buffer.concat(chunks, bytes)), bytes };
}

function kindOf(cause: unknown): string {
  const { code, name } = cause as { readonly code?: unknown; readonly name?: unknown };
  return [code, name].find((one) => typeof one === 'string') ?? 'unknown failure';
}
