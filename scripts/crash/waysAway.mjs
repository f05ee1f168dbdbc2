// SPDX-License-Identifier: Apache-2.0
/** The ways in which a hospital's own peer can be away for its gateway, and how each is mended. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startOne, status, stopOne } from '../../dist/network/commands.js';
import { setRevoked, shortLived } from './identityTrouble.mjs';
import { startPeerRelay } from './peerRelay.mjs';

/** Long enough for a gateway to start and to answer; each try with a certificate that expires waits for it. */
const SHORT_LIFE_MS = 20_000;

/**
 * @typedef {object} Ground
 * @property {import('../../dist/network/description.js').Network} network
 * @property {import('../../dist/network/binaries.js').Binaries} binaries
 * @property {import('../../dist/network/description.js').Organisation} organisation whose peer is meant
 * @property {{configFile: string, stop(): Promise<void>, start(): Promise<void>}} role its gateway
 * @property {() => Promise<void>} answers resolves when its gateway releases an ordinary access
 * @property {string} dataDir
 */
/**
 * @typedef {object} Way
 * @property {string} name
 * @property {(ground: Ground) => Promise<() => Promise<void>>} [prepare] before the first try; returns what takes it back
 * @property {(ground: Ground) => Promise<void>} breaks returns when the peer is away
 * @property {(ground: Ground) => Promise<void>} mends
 */

const partOf = async ({ network, organisation }, kind) => {
  const { parts } = await status(network, undefined);
  const name = `${kind}.${organisation.name}`;
  const found = parts.find(({ part }) => part === name || part.startsWith(`${name}.`));
  if (found?.pid === undefined) throw new Error(`${name} does not run`);
  return found;
};

/** @returns {Way} */
const ended = (name, kind, signal) => {
  let part = '';
  return {
    name,
    breaks: async (ground) => {
      ({ part } = await partOf(ground, kind));
      await stopOne(ground.network, part, signal);
    },
    mends: ({ network, binaries }) => startOne(network, binaries, part),
  };
};

/** @returns {Way} */
const hangs = (name, kind) => ({
  name,
  breaks: async (ground) => void process.kill(-(await partOf(ground, kind)).pid, 'SIGSTOP'),
  mends: async (ground) => void process.kill(-(await partOf(ground, kind)).pid, 'SIGCONT'),
});

/** Starts the gateway again with other settings; returns what takes them back. */
async function resettle({ role, answers }, settings) {
  const before = readFileSync(role.configFile, 'utf8');
  const put = async (text) => {
    await role.stop();
    writeFileSync(role.configFile, text, { mode: 0o600 });
    await role.start();
    await answers();
  };
  await put(
    Object.entries(settings).reduce(
      (text, [name, value]) => `${text.replace(new RegExp(`^${name}=.*\n`, 'm'), '')}${name}='${value}'\n`,
      before,
    ),
  );
  return () => put(before);
}

/** @returns {Way} */
function throughRelay(name, settings, breaks, mends) {
  let relay;
  return {
    name,
    prepare: async (ground) => {
      relay = await startPeerRelay(ground.organisation.peerPort);
      const restore = await resettle(ground, {
        FABRIC_PEER_ENDPOINT: `localhost:${String(relay.port)}`,
        ...settings(ground),
      });
      return async () => {
        await restore();
        await relay.close();
      };
    },
    breaks: async (ground) => breaks(relay, ground),
    mends: async (ground) => mends(relay, ground),
  };
}

const forgetFile = ({ dataDir }) => join(dataDir, 'forget-the-name');

/** @returns {Way} */
function expires() {
  let restore;
  return {
    name: 'certificate expired',
    breaks: async (ground) => {
      const { network, organisation, dataDir } = ground;
      const [, file] = /^FABRIC_CERT_FILE='(.*)'$/m.exec(readFileSync(ground.role.configFile, 'utf8'));
      const short = join(dataDir, 'short-lived.cert.pem');
      const until = Date.now() + SHORT_LIFE_MS;
      writeFileSync(
        short,
        await shortLived(network, organisation, readFileSync(file, 'utf8'), SHORT_LIFE_MS),
      );
      restore = await resettle(ground, { FABRIC_CERT_FILE: short });
      // Certificates count whole seconds.
      await wait(Math.max(0, until - Date.now() + 1_000));
    },
    mends: () => restore(),
  };
}

/** @returns {Way} */
function revoked() {
  return {
    name: 'certificate revoked',
    breaks: async ({ network, binaries, organisation, role }) => {
      const [, file] = /^FABRIC_CERT_FILE='(.*)'$/m.exec(readFileSync(role.configFile, 'utf8'));
      await setRevoked(network, binaries, organisation, readFileSync(file, 'utf8'));
    },
    mends: ({ network, binaries, organisation }) => setRevoked(network, binaries, organisation, undefined),
  };
}

/** @returns {Way[]} */
export const waysAway = () => [
  ended('peer stopped', 'peer', 'SIGTERM'),
  ended('peer killed', 'peer', 'SIGKILL'),
  hangs('peer hanging', 'peer'),
  hangs('chaincode hanging', 'chaincode'),
  ended('chaincode killed', 'chaincode', 'SIGKILL'),
  throughRelay(
    'black hole',
    () => ({}),
    (relay) => relay.shut(),
    (relay) => relay.open(),
  ),
  throughRelay(
    'name gone',
    (ground) => ({
      NODE_OPTIONS: `--require=${new URL('forgetName.cjs', import.meta.url).pathname}`,
      FORGET_NAME_FILE: forgetFile(ground),
    }),
    // As when a container is removed: with the name its address is gone, which gRPC would try on.
    async (relay, ground) => {
      writeFileSync(forgetFile(ground), '');
      await relay.leave();
    },
    async (relay, ground) => {
      rmSync(forgetFile(ground));
      await relay.open();
    },
  ),
  revoked(),
  expires(),
];
