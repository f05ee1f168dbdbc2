// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { connect } from 'node:net';
import path from 'node:path';
import { configtxYaml, coreYaml, cryptoConfigYaml, ordererYaml } from './configFiles';
import {
  adminDir,
  channelBlockFile,
  cryptoDir,
  ledgerDir,
  nodeDir,
  ordererAdminDir,
  ordererTlsCaFile,
  peerPart,
  tlsCaFile,
} from './layout';
import {
  asAdministrator,
  bareEnvironment,
  commandFailed,
  ordererAdminArguments,
  runProgram,
  tryProgram,
} from './programs';
import type { Network, Organisation } from './description';
import type { Binaries } from './binaries';
import type { Start } from './processes';

/**
 * Certificates and the channel's block 0, each made once and then kept: made aside and moved into place when
 * complete, so that an interrupted start leaves nothing half made.
 */
export async function makeMaterial(network: Network, binaries: Binaries) {
  const config = path.join(network.dataDir, 'channel');
  mkdirSync(config, { recursive: true });
  if (!existsSync(cryptoDir(network))) {
    const file = path.join(config, 'crypto-config.yaml');
    const unfinished = `${cryptoDir(network)}.new`;
    writeFileSync(file, cryptoConfigYaml(network));
    rmSync(unfinished, { recursive: true, force: true });
    await runProgram(network, binaries, 'cryptogen', [
      'generate',
      `--config=${file}`,
      `--output=${unfinished}`,
    ]);
    renameSync(unfinished, cryptoDir(network));
  }
  const block = channelBlockFile(network);
  if (!existsSync(block)) {
    writeFileSync(path.join(config, 'configtx.yaml'), configtxYaml(network));
    const args = ['-profile', 'Chartwitness', '-channelID', network.channel, '-outputBlock', `${block}.new`];
    await runProgram(network, binaries, 'configtxgen', args, { FABRIC_CFG_PATH: config });
    renameSync(`${block}.new`, block);
  }
}

/** Writes what each node runs with. Done at every start, so that a changed template takes effect. */
export function writeNodeConfigs(network: Network, fabricVersion: string) {
  const write = (part: string, name: string, text: string) => {
    mkdirSync(nodeDir(network, part), { recursive: true });
    mkdirSync(ledgerDir(network, part), { recursive: true });
    writeFileSync(path.join(nodeDir(network, part), name), text);
  };
  write('orderer', 'orderer.yaml', ordererYaml(network));
  for (const organisation of network.organisations) {
    write(peerPart(organisation), 'core.yaml', coreYaml(network, organisation, fabricVersion));
  }
}

export function ordererStart(network: Network, binaries: Binaries): Start {
  const { port, adminPort, operationsPort } = network.orderer;
  return {
    part: 'orderer',
    command: binaries.programs.orderer,
    args: [],
    env: { ...bareEnvironment(), FABRIC_CFG_PATH: nodeDir(network, 'orderer'), FABRIC_LOGGING_SPEC: 'info' },
    cwd: nodeDir(network, 'orderer'),
    ports: [
      { port, purpose: 'transactions' },
      { port: adminPort, purpose: 'administration' },
      { port: operationsPort, purpose: 'health' },
    ],
    ready: async () =>
      (await isHealthy(
        operationsPort,
        ordererTlsCaFile(network),
        path.join(ordererAdminDir(network), 'tls'),
      )) && (await accepts(port)),
  };
}

export function peerStart(network: Network, binaries: Binaries, organisation: Organisation): Start {
  const part = peerPart(organisation);
  const { peerPort, chaincodeListenPort, operationsPort } = organisation;
  return {
    part,
    command: binaries.programs.peer,
    args: ['node', 'start'],
    env: {
      ...bareEnvironment(),
      FABRIC_CFG_PATH: nodeDir(network, part),
      FABRIC_LOGGING_SPEC: 'info:gossip=warning',
    },
    cwd: nodeDir(network, part),
    ports: [
      { port: peerPort, purpose: 'gateways and other peers' },
      { port: chaincodeListenPort, purpose: 'chaincode' },
      { port: operationsPort, purpose: 'health' },
    ],
    ready: async () =>
      (await isHealthy(
        operationsPort,
        tlsCaFile(network, organisation),
        path.join(adminDir(network, organisation), 'tls'),
      )) && (await accepts(peerPort)),
  };
}

export async function joinOrderer(network: Network, binaries: Binaries) {
  const args = [
    'channel',
    'join',
    '--channelID',
    network.channel,
    '--config-block',
    channelBlockFile(network),
  ];
  const { ok, output } = await tryProgram(binaries, 'osnadmin', [...args, ...ordererAdminArguments(network)]);
  const joined = /Status: 201/.test(output) || /already exists/.test(output);
  if (!ok || !joined) {
    throw commandFailed(network, 'osnadmin', args, output);
  }
}

export async function joinPeer(network: Network, binaries: Binaries, organisation: Organisation) {
  const args = ['channel', 'join', '-b', channelBlockFile(network)];
  const { ok, output } = await tryProgram(binaries, 'peer', args, asAdministrator(network, organisation));
  if (!ok && !/already exists/.test(output)) {
    throw commandFailed(network, 'peer', args, output);
  }
}

/** @returns blocks on its ledger */
export async function ledgerHeight(
  network: Network,
  binaries: Binaries,
  organisation: Organisation,
): Promise<number | undefined> {
  const args = ['channel', 'getinfo', '-c', network.channel];
  const { ok, output } = await tryProgram(binaries, 'peer', args, asAdministrator(network, organisation));
  const height = /"height":\s*(\d+)/.exec(output)?.[1];
  return ok && height !== undefined ? Number(height) : undefined;
}

export function isHealthy(port: number, caFile: string, clientTlsDir: string): Promise<boolean> {
  const options = {
    host: 'localhost',
    port,
    path: '/healthz',
    ca: readFileSync(caFile),
    cert: readFileSync(path.join(clientTlsDir, 'client.crt')),
    key: readFileSync(path.join(clientTlsDir, 'client.key')),
    agent: false,
    timeout: 2000,
  };
  return new Promise((resolve) => {
    const request = get(options, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => {
      resolve(false);
    });
  });
}

/** Whether somebody listens: a node calls itself healthy a moment before it takes connections. */
function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => {
      resolve(false);
    });
  });
}
