// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { DomainError } from '@chartwitness/chaincode/domain';
import { parseWholeRegistry, plainRegistry, type WholeRegistry } from './wholeRegistry';

/** Whose Registry it is: the same organisation on another channel may have other clients. */
export interface NetworkName {
  readonly channel: string;
  readonly chaincode: string;
  /** The organisation whose gateway remembers. */
  readonly mspId: string;
}

/** The Registry, and when it was read. */
export interface RegistryAsOf {
  readonly registry: WholeRegistry;
  /** How many blocks the own peer had before it was asked. */
  readonly height: bigint;
  /** Milliseconds since the epoch. */
  readonly readAt: number;
}

/** The file is not used; the message says why. */
export class RegistryFileRefused extends Error {
  override readonly name = 'RegistryFileRefused';
}

const FORM = 'chartwitness-registry';
const VERSION = 2;
/** A number of blocks: 64 bits at most. */
const HEIGHT = /^[1-9][0-9]{0,19}$/;

/**
 * Two lines of JSON: form, version and SHA-256 of the second line; then the network, the height, the time and
 * the Registry. A key with one bit changed is still a key, so its form alone would not tell.
 */
export function writeRegistryText({ registry, height, readAt }: RegistryAsOf, network: NetworkName): string {
  const { channel, chaincode, mspId } = network;
  const content = JSON.stringify({
    network: { channel, chaincode, mspId },
    height: String(height),
    readAt: new Date(readAt).toISOString(),
    registry: plainRegistry(registry),
  });
  return `${JSON.stringify({ form: FORM, version: VERSION, sha256: digestOf(content) })}\n${content}\n`;
}

/**
 * @throws RegistryFileRefused for a text of another form, version or network, and for one that was changed.
 */
export function parseRegistryText(text: string, network: NetworkName): RegistryAsOf {
  const [head = '', content = '', end, ...more] = text.split('\n');
  const { form, version, sha256 } = objectOf(head);
  if (form !== FORM) {
    throw new RegistryFileRefused('it is damaged, or another file');
  }
  if (version !== VERSION) {
    throw new RegistryFileRefused(
      `it has version ${JSON.stringify(version)}, this program writes ${VERSION}`,
    );
  }
  if (end !== '' || more.length > 0 || sha256 !== digestOf(content)) {
    throw new RegistryFileRefused('it is damaged: its content does not have its digest');
  }
  const { network: written, height, readAt, registry } = objectOf(content);
  const own = nameOf(network);
  if (nameOf(written) !== own) {
    throw new RegistryFileRefused(`it is of another network: ${nameOf(written)}, and this gateway of ${own}`);
  }
  return { registry: registryOf(registry), height: heightOf(height), readAt: instantOf(readAt) };
}

function registryOf(value: unknown): WholeRegistry {
  try {
    return parseWholeRegistry(value);
  } catch (error) {
    if (error instanceof DomainError || error instanceof RangeError) {
      throw new RegistryFileRefused(`it is not understood: ${error.message}`, { cause: error });
    }
    throw error;
  }
}

function heightOf(value: unknown): bigint {
  if (typeof value !== 'string' || !HEIGHT.test(value)) {
    throw new RegistryFileRefused('it is not understood: height is no number of blocks');
  }
  return BigInt(value);
}

function instantOf(value: unknown): number {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(at) || new Date(at).toISOString() !== value) {
    throw new RegistryFileRefused('it is not understood: readAt is no instant');
  }
  return at;
}

function nameOf(value: unknown): string {
  const { channel, chaincode, mspId } = Object(value) as Readonly<Record<string, unknown>>;
  return `channel ${JSON.stringify(channel)}, chaincode ${JSON.stringify(chaincode)}, organisation ${JSON.stringify(mspId)}`;
}

function objectOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text)) as Readonly<Record<string, unknown>>;
  } catch {
    throw new RegistryFileRefused('it is damaged: not the JSON that this program writes');
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
