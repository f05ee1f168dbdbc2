// SPDX-License-Identifier: Apache-2.0
/** The ways in which a hospital's own peer can be away for its gateway, and how each is mended. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { RoleProcess } from '../../gateway/dist/demo/fabricDemo';
import type { Binaries } from '../network/binaries';
import { startOne, status, stopOne } from '../network/commands';
import type { Network, Organisation } from '../network/description';
import { setRevoked, shortLived } from './identityTrouble';
import { type PortRelay, startPortRelay } from './portRelay';

/**
 * Long enough for a gateway to start and to answer; each try with a certificate that expires waits for it.
 */
const SHORT_LIFE_MS = 20_000;
const LOOK_EVERY_MS = 50;
/** Loaded into a gateway as it is, so it is not compiled. */
const FORGET_NAME = path.resolve(__dirname, '../../scripts/crash/forgetName.cjs');

export interface WayGround {
  readonly network: Network;
  readonly binaries: Binaries;
  /** Whose peer is meant. */
  readonly organisation: Organisation;
  /** Its gateway. */
  readonly role: Pick<RoleProcess, 'configFile' | 'start' | 'stop' | 'url'>;
  readonly dataDir: string;
  /** Resolves when its gateway releases an ordinary access. */
  answers(): Promise<void>;
}

export interface Way {
  readonly name: string;
  /** Before the first try; returns what takes it back. */
  prepare?(ground: WayGround): Promise<() => Promise<void>>;
  /** Returns when the peer is away. */
  breaks(ground: WayGround): Promise<void>;
  mends(ground: WayGround): Promise<void>;
}

/** A part of the organisation that runs. */
async function partOf(
  { network, organisation }: WayGround,
  kind: string,
): Promise<{ readonly part: string; readonly pid: number }> {
  const { parts } = await status(network, undefined);
  const name = `${kind}.${organisation.name}`;
  const found = parts.find(({ part }) => part === name || part.startsWith(`${name}.`));
  if (found?.pid === undefined) {
    throw new Error(`${name} does not run`);
  }
  return { part: found.part, pid: found.pid };
}

function ended(name: string, kind: string, signal: NodeJS.Signals): Way {
  let part = '';
  return {
    name,
    breaks: async (ground) => {
      ({ part } = await partOf(ground, kind));
      await stopOne(ground.network, part, signal);
    },
    mends: ({ network, binaries }) => startOne(network, binaries, part),
  };
}

function hangs(name: string, kind: string): Way {
  const signal = async (ground: WayGround, which: NodeJS.Signals): Promise<void> => {
    process.kill(-(await partOf(ground, kind)).pid, which);
  };
  return {
    name,
    breaks: (ground) => signal(ground, 'SIGSTOP'),
    mends: (ground) => signal(ground, 'SIGCONT'),
  };
}

/** The gateway is started while its peer is away, and knows clients by what it has kept. */
function startedWithout(name: string): Way {
  let part = '';
  let started: Promise<void> = Promise.resolve();
  return {
    name,
    breaks: async (ground) => {
      const { role, network } = ground;
      ({ part } = await partOf(ground, 'peer'));
      await role.stop();
      await stopOne(network, part, 'SIGTERM');
      // It is ready when the peer is back, and serves before.
      started = role.start();
      started.catch(() => undefined);
      await untilServing(role.url);
    },
    mends: async ({ network, binaries }) => {
      await startOne(network, binaries, part);
      await started;
    },
  };
}

async function untilServing(url: string): Promise<void> {
  const isServing = (): Promise<boolean> =>
    fetch(`${url}/readyz`)
      .then((answer) => answer.text())
      .then(
        // Alive it is as soon as it has its port.
        (text) => !text.includes('"STARTING"'),
        () => false,
      );
  while (!(await isServing())) {
    await wait(LOOK_EVERY_MS);
  }
}

/** Starts the gateway again with other settings; returns what takes them back. */
async function resettle(
  ground: WayGround,
  settings: Readonly<Record<string, string>>,
): Promise<() => Promise<void>> {
  const { role } = ground;
  const before = readFileSync(role.configFile, 'utf8');
  const put = async (text: string): Promise<void> => {
    await role.stop();
    writeFileSync(role.configFile, text, { mode: 0o600 });
    await role.start();
    await ground.answers();
  };
  await put(
    Object.entries(settings).reduce(
      (text, [name, value]) => `${text.replace(new RegExp(`^${name}=.*\n`, 'm'), '')}${name}='${value}'\n`,
      before,
    ),
  );
  return () => put(before);
}

function throughRelay(
  name: string,
  settings: (ground: WayGround) => Readonly<Record<string, string>>,
  breaks: (relay: PortRelay, ground: WayGround) => Promise<void>,
  mends: (relay: PortRelay, ground: WayGround) => Promise<void>,
): Way {
  let relay: PortRelay | undefined;
  const prepared = (): PortRelay => {
    if (relay === undefined) {
      throw new Error(`${name}: not prepared`);
    }
    return relay;
  };
  return {
    name,
    prepare: async (ground) => {
      const started = await startPortRelay(ground.organisation.peerPort);
      relay = started;
      const restore = await resettle(ground, {
        FABRIC_PEER_ENDPOINT: `localhost:${String(started.port)}`,
        ...settings(ground),
      });
      return async () => {
        await restore();
        await started.close();
      };
    },
    breaks: (ground) => breaks(prepared(), ground),
    mends: (ground) => mends(prepared(), ground),
  };
}

const forgetFile = ({ dataDir }: WayGround): string => path.join(dataDir, 'forget-the-name');

/** The gateway's certificate as its settings name it. */
function certificateOf({ role }: WayGround): string {
  const file = /^FABRIC_CERT_FILE='(.*)'$/m.exec(readFileSync(role.configFile, 'utf8'))?.[1];
  if (file === undefined) {
    throw new Error(`${role.configFile} names no certificate`);
  }
  return readFileSync(file, 'utf8');
}

function expires(): Way {
  let restore: (() => Promise<void>) | undefined;
  return {
    name: 'certificate expired',
    breaks: async (ground) => {
      const { network, organisation, dataDir } = ground;
      const certificate = certificateOf(ground);
      const short = path.join(dataDir, 'short-lived.cert.pem');
      const until = Date.now() + SHORT_LIFE_MS;
      writeFileSync(short, await shortLived(network, organisation, certificate, SHORT_LIFE_MS));
      restore = await resettle(ground, { FABRIC_CERT_FILE: short });
      // Certificates count whole seconds.
      await wait(Math.max(0, until - Date.now() + 1_000));
    },
    mends: async () => {
      await restore?.();
    },
  };
}

function revoked(): Way {
  return {
    name: 'certificate revoked',
    breaks: (ground) =>
      setRevoked(ground.network, ground.binaries, ground.organisation, certificateOf(ground)),
    mends: ({ network, binaries, organisation }) => setRevoked(network, binaries, organisation, undefined),
  };
}

export const waysAway = (): readonly Way[] => [
  ended('peer stopped', 'peer', 'SIGTERM'),
  ended('peer killed', 'peer', 'SIGKILL'),
  hangs('peer hanging', 'peer'),
  hangs('chaincode hanging', 'chaincode'),
  ended('chaincode killed', 'chaincode', 'SIGKILL'),
  throughRelay(
    'black hole',
    () => ({}),
    (relay) => {
      relay.shut();
      return Promise.resolve();
    },
    (relay) => relay.open(),
  ),
  throughRelay(
    'name gone',
    (ground) => ({
      NODE_OPTIONS: `--require=${FORGET_NAME}`,
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
  startedWithout('gateway started without'),
];
