// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import {
  parseRegistryText,
  RegistryFileRefused,
  writeRegistryText,
} from '../../../gateway/src/registry/registryFileForm';
import { NORTH, SOUTH } from '../ledger/network';
import { client, NETWORK, organisation, registryOf } from './registries';

const READ_AT = Date.parse('2026-11-28T06:30:00.123Z');
const CLIENTS = [client('south-lab', { org: SOUTH, status: 'suspended' }), client('north-ward')];
const known = { registry: registryOf(CLIENTS), height: 100n, readAt: READ_AT };
const text = writeRegistryText(known, NETWORK);

/** A file whose digest is right: only its content can be refused. */
function fileOf(content: unknown): string {
  const line = JSON.stringify(content);
  const sha256 = createHash('sha256').update(line).digest('hex');
  return `${JSON.stringify({ form: 'chartwitness-registry', version: 2, sha256 })}\n${line}\n`;
}
const contentOf = (file: string): Record<string, unknown> =>
  JSON.parse(file.split('\n')[1] ?? '') as Record<string, unknown>;
const withRegistry = (change: object): string => {
  const content = contentOf(text);
  return fileOf({ ...content, registry: { ...(content['registry'] as object), ...change } });
};

test('what was written is read, in whatever order the peer listed it', () => {
  const read = parseRegistryText(text, NETWORK);
  expect(read.readAt).toBe(READ_AT);
  expect(read.height).toBe(100n);
  expect([...read.registry.clients.values()]).toEqual([CLIENTS[1], CLIENTS[0]]);
  expect(read.registry.organisations.map(({ mspId }) => mspId)).toEqual([NORTH, SOUTH, 'TrusteeMSP']);
  expect(read.registry.settings).toEqual(known.registry.settings);
  const other = { height: 100n, readAt: READ_AT, registry: registryOf(CLIENTS.slice().reverse()) };
  expect(writeRegistryText(other, NETWORK)).toBe(text);
});

test('a network without settings yet is one too', () => {
  const nothing = registryOf([], { settings: undefined, organisations: [] });
  const none = { registry: nothing, height: 1n, readAt: READ_AT };
  expect(parseRegistryText(writeRegistryText(none, NETWORK), NETWORK)).toEqual(none);
});

test('whatever is changed or cut, it is refused', () => {
  const bytes = Buffer.from(text);
  fc.assert(
    fc.property(
      fc.nat(bytes.length - 1),
      fc.integer({ min: 1, max: 255 }),
      fc.boolean(),
      (at, flip, isCut) => {
        const changed = Buffer.from(isCut ? bytes.subarray(0, at) : bytes);
        if (!isCut) {
          changed[at] = (changed[at] ?? 0) ^ flip;
        }
        expect(() => parseRegistryText(changed.toString(), NETWORK)).toThrow(RegistryFileRefused);
      },
    ),
    { numRuns: 400 },
  );
});

test.each([
  ['channel', { ...NETWORK, channel: 'rehearsal' }],
  ['chaincode', { ...NETWORK, chaincode: 'provenance-2' }],
  ['organisation', { ...NETWORK, mspId: SOUTH }],
])('a file of another %s is refused by name', (_what, other) => {
  const read = (): unknown => parseRegistryText(writeRegistryText(known, other), NETWORK);
  expect(read).toThrow(RegistryFileRefused);
  for (const { channel, chaincode, mspId } of [other, NETWORK]) {
    for (const name of [channel, chaincode, mspId]) {
      expect(read).toThrow(`"${name}"`);
    }
  }
});

test.each([
  ['another form', text.replace('chartwitness-registry', 'chartwitness-outbox'), 'another file'],
  ['a later version', text.replace('"version":2', '"version":3'), 'version 3, this program writes 2'],
  [
    'the version before, without a height',
    text.replace('"version":2', '"version":1'),
    'version 1, this program writes 2',
  ],
  ['nothing', '', 'damaged'],
  ['a word', 'null', 'another file'],
  ['a line more', `${text}{}\n`, 'damaged'],
  [
    'the same content twice',
    `${text.split('\n')[0] ?? ''}\n${text.split('\n')[1] ?? ''}\n${text.split('\n')[1] ?? ''}\n`,
    'damaged',
  ],
  ['no registry', fileOf({ ...contentOf(text), registry: null }), 'not understood'],
  ['no height', fileOf({ ...contentOf(text), height: undefined }), 'height'],
  ['a height that is no text', fileOf({ ...contentOf(text), height: 100 }), 'height'],
  ['a height below one block', fileOf({ ...contentOf(text), height: '0' }), 'height'],
  ['a height with a sign', fileOf({ ...contentOf(text), height: '-100' }), 'height'],
  ['no time', fileOf({ ...contentOf(text), readAt: 'yesterday' }), 'readAt'],
  ['a time that is none', fileOf({ ...contentOf(text), readAt: '2026-11-28' }), 'readAt'],
  ['members of a later version', withRegistry({ lanes: [] }), 'unknown members: lanes'],
  ['a client with a private key', withRegistry({ clients: [privateClient()] }), 'private key material'],
  ['a client twice', withRegistry({ clients: [CLIENTS[1], CLIENTS[1]] }), 'twice'],
  ['an organisation twice', withRegistry({ organisations: twice() }), 'twice'],
  ['a client of nobody', withRegistry({ organisations: [], clients: [CLIENTS[1]] }), 'no organisation'],
  ['clients that are no list', withRegistry({ clients: {} }), 'expected a list'],
  ['settings that are none', withRegistry({ settings: { trustee: 1 } }), 'settings.trustee'],
])('a file with %s is refused, with the reason', (_what, file, reason) => {
  const read = (): unknown => parseRegistryText(file, NETWORK);
  expect(read).toThrow(RegistryFileRefused);
  expect(read).toThrow(reason);
});

function privateClient(): unknown {
  const one = client('north-ward');
  return { ...one, jwks: { keys: [{ ...one.jwks.keys[0], d: 'AA' }] } };
}

function twice(): unknown {
  return [organisation(NORTH), organisation(NORTH, { status: 'suspended' })];
}
