// SPDX-License-Identifier: Apache-2.0
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CommitError, EndorseError, GatewayError, type Contract } from '@hyperledger/fabric-gateway';
import type { Binaries } from '../../../scripts/network/binaries';
import { readDescription, type Network } from '../../../scripts/network/description';
import { cryptoDir } from '../../../scripts/network/layout';
import { clean, deploy, down, startOne, status, stopOne, up } from '../../../scripts/network/commands';
import { profileOf } from '../../../scripts/network/profiles';
import { waitUntilEndorsable } from '../../../scripts/network/readiness';
import {
  describeFabric,
  laterVersion,
  POLICY_CHAINCODE,
  member,
  newTestNetwork,
  organisation,
  type Member,
  type TestNetwork,
} from './testNetwork';

const TRUSTEE = 'TrusteeMSP';
const NORTH = 'NorthHospitalMSP';
const SOUTH = 'SouthClinicMSP';
const IMPLICIT_TRUSTEE = `_implicit_org_${TRUSTEE}`;
const IMPLICIT_NORTH = `_implicit_org_${NORTH}`;
const VALID = 0;
const ENDORSEMENT_POLICY_FAILURE = 10;
const quiet = (): void => undefined;

let next = 0;
const newKey = (): string => `key-${String(next++)}`;

/**
 * Writes to `targets` with the endorsements of `organisations` (none named: the gateway finds them); the
 * validation code.
 */
async function write(contract: Contract, targets: string[], organisations?: string[]): Promise<number> {
  const commit = await contract.submitAsync('write', {
    arguments: [newKey(), JSON.stringify(targets)],
    transientData: { value: 'secret' },
    ...(organisations === undefined ? {} : { endorsingOrganizations: organisations }),
  });
  return (await commit.getStatus()).code;
}

async function evaluate(contract: Contract, name: string, ...args: string[]): Promise<string> {
  return Buffer.from(await contract.evaluateTransaction(name, ...args)).toString();
}

/** Repeats `attempt` until it succeeds and says how long that took. */
async function untilItWorks(attempt: () => Promise<unknown>, withinMs: number): Promise<number> {
  const start = performance.now();
  for (;;) {
    try {
      await attempt();
      return performance.now() - start;
    } catch (cause) {
      if (performance.now() - start > withinMs) {
        throw cause;
      }
    }
  }
}

/** How an operator would describe `network` if something else had started it. */
function asExternal(network: Network): unknown {
  return {
    channel: network.channel,
    portBase: network.portBase,
    chaincode: {
      name: 'elsewhere',
      path: POLICY_CHAINCODE,
      signaturePolicy: `AND('${TRUSTEE}.peer', '${NORTH}.peer')`,
    },
    orderer: network.orderer,
    organisations: network.organisations,
    external: { cryptoDir: cryptoDir(network), mutualTls: true },
  };
}

/** Writes one key after the other until it is stopped; counts what was acknowledged and what was refused. */
function startLoad(contract: Contract): { stop(): Promise<{ acknowledged: string[]; refused: number }> } {
  const acknowledged: string[] = [];
  let refused = 0;
  let stopped = false;
  const loop = async (): Promise<void> => {
    while (!stopped) {
      const key = newKey();
      try {
        await contract.submit('write', { arguments: [key, '["public"]'] });
        acknowledged.push(key);
      } catch (cause) {
        if (!(cause instanceof CommitError) && !(cause instanceof GatewayError)) {
          throw cause;
        }
        refused++;
      }
    }
  };
  const done = loop();
  return {
    stop: async () => {
      stopped = true;
      await done;
      return { acknowledged, refused };
    },
  };
}

describeFabric('the development network', (binaries: Binaries) => {
  let own: TestNetwork;
  let network: Network;
  let trustee: Member;
  let north: Member;
  let south: Member;
  const parts = async (): Promise<string[]> =>
    (await status(network, undefined)).parts.filter(({ pid }) => pid !== undefined).map(({ part }) => part);
  const chaincodeOf = async (name: string): Promise<string> => {
    const found = (await status(network, undefined)).parts.find(({ part }) =>
      part.startsWith(`chaincode.${name}.`),
    );
    if (found === undefined) {
      throw new Error(`No chaincode process of ${name}`);
    }
    return found.part;
  };

  beforeAll(async () => {
    own = await newTestNetwork();
    network = own.network;
    await up(network, binaries, quiet);
    await deploy(network, binaries, quiet);
    trustee = member(network, 'trustee');
    north = member(network, 'north');
    south = member(network, 'south');
  }, 180_000);

  afterAll(async () => {
    for (const each of [trustee, north, south]) {
      each.close();
    }
    await own.dispose();
  }, 60_000);

  test('up twice starts nothing twice', async () => {
    const before = await status(network, undefined);
    await up(network, binaries, quiet);
    expect((await status(network, undefined)).parts).toEqual(before.parts);
    expect(before.state).toBe('up');
  }, 60_000);

  test('deploy twice keeps the sequence', async () => {
    expect((await deploy(network, binaries, quiet)).sequence).toBe(1);
  }, 60_000);

  test('each chaincode process knows whose it is, and sees the role in the caller’s certificate', async () => {
    expect(JSON.parse(await evaluate(north.contract, 'who'))).toEqual({
      peer: NORTH,
      caller: NORTH,
      role: 'holder',
    });
    expect(JSON.parse(await evaluate(trustee.contract, 'who'))).toEqual({
      peer: TRUSTEE,
      caller: TRUSTEE,
      role: 'trustee',
    });
  });

  test('keys and profiles are readable by their owner only', () => {
    const profile = profileOf(network, organisation(network, 'north'));
    for (const file of [profile.keyFile, profile.clientTlsKeyFile]) {
      expect(statSync(file).mode & 0o777).toBe(0o600);
    }
  });

  test('a client without a TLS certificate is not let in', async () => {
    const { Client, credentials } = await import('@grpc/grpc-js');
    const profile = profileOf(network, organisation(network, 'north'));
    const client = new Client(profile.peerEndpoint, credentials.createSsl(readFileSync(profile.tlsCaFile)));
    await expect(
      new Promise<void>((resolve, reject) => {
        client.waitForReady(Date.now() + 500, (cause) => {
          if (cause) {
            reject(cause);
          } else {
            resolve();
          }
        });
      }),
    ).rejects.toThrow(/Failed to connect/);
    client.close();
  });

  describe('who must endorse what', () => {
    test.each([
      ['consents and an event', ['consents', 'event'], [TRUSTEE], VALID],
      ['consents', ['consents'], [NORTH], ENDORSEMENT_POLICY_FAILURE],
      ['consents and a public key', ['consents', 'public'], [TRUSTEE], ENDORSEMENT_POLICY_FAILURE],
      ['consents and a public key', ['consents', 'public'], [TRUSTEE, NORTH], VALID],
      ['a public key', ['public'], [NORTH], ENDORSEMENT_POLICY_FAILURE],
      ['a public key', ['public'], [TRUSTEE], ENDORSEMENT_POLICY_FAILURE],
      ['a public key', ['public'], [NORTH, SOUTH], ENDORSEMENT_POLICY_FAILURE],
      ['a public key', ['public'], undefined, VALID],
      ['the trustee’s own collection', [IMPLICIT_TRUSTEE], [NORTH], ENDORSEMENT_POLICY_FAILURE],
      ['the holder’s own collection', [IMPLICIT_NORTH], [NORTH], VALID],
      [
        'both, a public record and an event',
        [IMPLICIT_NORTH, IMPLICIT_TRUSTEE, 'public', 'event'],
        [NORTH, TRUSTEE],
        VALID,
      ],
      [
        'both, a public record and an event',
        [IMPLICIT_NORTH, IMPLICIT_TRUSTEE, 'public', 'event'],
        [NORTH, TRUSTEE, SOUTH],
        VALID,
      ],
      [
        'both, a public record and an event',
        [IMPLICIT_NORTH, IMPLICIT_TRUSTEE, 'public', 'event'],
        [NORTH, SOUTH],
        ENDORSEMENT_POLICY_FAILURE,
      ],
      [
        'both, a public record and an event',
        [IMPLICIT_NORTH, IMPLICIT_TRUSTEE, 'public', 'event'],
        [TRUSTEE],
        ENDORSEMENT_POLICY_FAILURE,
      ],
    ])('%s %j endorsed by %j: code %d', async (_name, targets, organisations, code) => {
      expect(await write(north.contract, targets, organisations)).toBe(code);
    });

    test('consents by the trustee’s client, endorsers discovered', async () => {
      expect(await write(trustee.contract, ['consents', 'event'])).toBe(VALID);
    });

    test('a gateway that is told an organisation which does not exist is refused', async () => {
      await expect(write(north.contract, ['public'], ['NoMSP'])).rejects.toThrow(EndorseError);
    });

    test('an invalid write leaves nothing', async () => {
      const key = newKey();
      await expect(
        north.contract.submit('write', { arguments: [key, '["public"]'], endorsingOrganizations: [NORTH] }),
      ).rejects.toThrow(CommitError);
      expect(await evaluate(north.contract, 'read', key)).toBe('');
    });
  });

  test('an under-endorsed transaction does not hold up the next block', async () => {
    expect(await write(north.contract, [IMPLICIT_TRUSTEE], [NORTH])).toBe(ENDORSEMENT_POLICY_FAILURE);
    expect(await write(north.contract, ['consents'], [NORTH])).toBe(ENDORSEMENT_POLICY_FAILURE);
    const start = performance.now();
    expect(await write(trustee.contract, ['consents', 'event'], [TRUSTEE])).toBe(VALID);
    const atTheTrustee = performance.now() - start;
    process.stdout.write(`next commit at the trustee's peer after ${atTheTrustee.toFixed(0)} ms\n`);
    // With pulling on, even the shortest look would show: it waits five seconds for an answer.
    expect(atTheTrustee).toBeLessThan(1000);
  }, 90_000);

  test('a consent reaches every member’s peer', async () => {
    const key = newKey();
    await trustee.contract.submit('write', {
      arguments: [key, '["consents"]'],
      transientData: { value: 'rules' },
      endorsingOrganizations: [TRUSTEE],
    });
    for (const each of [north, south]) {
      const read = async (): Promise<void> => {
        const value = await evaluate(each.contract, 'readPrivate', 'consents', key);
        if (value !== 'rules') {
          throw new Error(`not there yet: ${value}`);
        }
      };
      expect(await untilItWorks(read, 10_000)).toBeLessThan(10_000);
    }
  }, 30_000);

  test('a half-started network is named as such, and up mends it', async () => {
    await stopOne(network, 'peer.south', 'SIGKILL');
    const found = await status(network, undefined);
    expect(found.state).toBe('half-started');
    await expect(deploy(network, binaries, quiet)).rejects.toMatchObject({ code: 'HALF_STARTED' });
    await up(network, binaries, quiet);
    expect((await status(network, undefined)).state).toBe('up');
  }, 90_000);

  test('a chaincode process that was killed and started again is used again', async () => {
    const part = await chaincodeOf('north');
    await stopOne(network, part, 'SIGKILL');
    // another organisation's peer answers
    await expect(evaluate(north.contract, 'read', 'x')).resolves.toBe('');
    await expect(write(north.contract, ['public'], [NORTH, TRUSTEE])).rejects.toThrow(EndorseError);
    await startOne(network, binaries, part);
    const took = await untilItWorks(() => write(north.contract, ['public'], [NORTH, TRUSTEE]), 10_000);
    process.stdout.write(`chaincode process back: ${took.toFixed(0)} ms\n`);
    expect(took).toBeLessThan(10_000);
  }, 60_000);

  test('after the orderer was away, writes work again within ten seconds', async () => {
    await stopOne(network, 'orderer', 'SIGKILL');
    await expect(write(north.contract, ['public'])).rejects.toThrow();
    await startOne(network, binaries, 'orderer');
    const took = await untilItWorks(() => write(north.contract, ['public']), 10_000);
    process.stdout.write(`orderer back: ${took.toFixed(0)} ms\n`);
    expect(took).toBeLessThan(10_000);
  }, 90_000);

  test('a new sequence of the same code keeps its processes', async () => {
    const before = await chaincodeOf('north');
    const deployed = await deploy(network, binaries, quiet, { upgrade: true });
    expect(deployed.sequence).toBe(2);
    expect(await chaincodeOf('north')).toBe(before);
    expect(await write(north.contract, ['public'])).toBe(VALID);
  }, 90_000);

  test('new code is deployed under load: own processes on own ports, the former end, no write is lost', async () => {
    const before = await parts();
    const changed = {
      ...network,
      chaincode: { ...network.chaincode, path: laterVersion(POLICY_CHAINCODE, own.folder) },
    };
    const load = startLoad(north.contract);
    const deployed = await deploy(changed, binaries, quiet);
    const { acknowledged, refused } = await load.stop();
    process.stdout.write(
      `upgrade: ${String(acknowledged.length)} writes, ${String(refused)} refused meanwhile\n`,
    );
    expect(deployed.label).toContain('_2.0.0_');
    expect(acknowledged.length).toBeGreaterThan(0);
    for (const key of acknowledged) {
      expect(await evaluate(north.contract, 'read', key)).toBe(key);
    }
    const after = await parts();
    expect(after.filter((part) => part.startsWith('chaincode.') && before.includes(part))).toEqual([]);
    expect(after).toHaveLength(before.length);
    expect(await write(north.contract, ['public'])).toBe(VALID);
  }, 120_000);

  test('deploy to a network that other tools run: only its certificates and endpoints are known', async () => {
    const file = path.join(own.folder, 'external.json');
    writeFileSync(file, JSON.stringify(asExternal(network)));
    const external = readDescription({ file, dataDir: path.join(own.folder, 'external') });
    await expect(up(external, binaries, quiet)).rejects.toMatchObject({ code: 'EXTERNAL_NETWORK' });
    const deployed = await deploy(external, binaries, quiet);
    expect(deployed.sequence).toBe(1);
    const holder = member(external, 'north');
    expect(await write(holder.contract, ['public'], [NORTH])).toBe(ENDORSEMENT_POLICY_FAILURE);
    expect(await write(holder.contract, ['public'], [NORTH, TRUSTEE])).toBe(VALID);
    holder.close();
    expect((await status(external, undefined)).state).toBe('up');
    await clean(external, quiet);
    expect((await status(network, undefined)).state).toBe('up');
  }, 120_000);

  test('down leaves nothing running, and up brings the ledger back', async () => {
    const key = newKey();
    await north.contract.submit('write', { arguments: [key, '["public"]'] });
    await down(network, quiet);
    expect(await parts()).toEqual([]);
    expect((await status(network, undefined)).state).toBe('down');
    await up(network, binaries, quiet);
    await waitUntilEndorsable(network, profileOf(network, organisation(network, 'north')));
    const again = member(network, 'north');
    expect(await evaluate(again.contract, 'read', key)).toBe(key);
    again.close();
  }, 120_000);
});
