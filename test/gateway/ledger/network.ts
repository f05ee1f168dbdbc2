// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { US_IDENTIFIER_SYSTEMS } from '../../../gateway/src/compose/bootstrap';
import { type EmbeddedNetwork, startEmbeddedNetwork } from '../../../gateway/src/compose/embeddedNetwork';
import { connectToPeer } from '../../../gateway/src/compose/openLedger';
import { parseLedgerConfig } from '../../../gateway/src/config/peerConfig';
import type { FabricLedger } from '../../../gateway/src/ledger/fabricLedger';
import { adminDir } from '../../../scripts/network/layout';
import { environmentOf, profileOf } from '../../../scripts/network/profiles';
import { joinProductNetwork, organisationOf } from '../../fabric/productNetwork';
import type { SharedNetwork } from '../../fabric/sharedNetwork';
import { onlyFile } from '../../support/onlyFile';
import { isOnFabric } from '../../support/ledgerUnderTest';

export const TRUSTEE = 'TrusteeMSP';
export const NORTH = 'NorthHospitalMSP';
export const SOUTH = 'SouthClinicMSP';

export interface TestNetwork {
  /** For tests of the embedded ledger itself; throws on Fabric. */
  readonly network: EmbeddedNetwork;
  /** For tests of what only a network of peers does; throws on the embedded ledger. */
  readonly native: SharedNetwork;
  readonly trustee: FabricLedger;
  readonly north: FabricLedger;
  readonly south: FabricLedger;
  /** The variables by which a program joins as this organisation. */
  environment(mspId: string): Readonly<Record<string, string>>;
  /** Those of them that make it the organisation's administrator, whose certificate has no role attribute. */
  administrator(mspId: string): Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** A network with the built chaincode, on whichever ledger. */
interface Ground {
  readonly network?: EmbeddedNetwork;
  readonly native?: SharedNetwork;
  environment(mspId: string): Readonly<Record<string, string>>;
  administrator(mspId: string): Readonly<Record<string, string>>;
  close(): Promise<void>;
}

const SILENT = pino({ level: 'silent' });

/**
 * The ledger under test with the built chaincode, its three organisations connected; `isAdmitted` false
 * leaves the registry empty.
 */
export async function startTestNetwork(isAdmitted = true): Promise<TestNetwork> {
  return openTestNetwork(await (isOnFabric() ? joinFabric() : startEmbedded()), isAdmitted);
}

/** The same on the embedded ledger, whichever is under test. */
export async function startEmbeddedTestNetwork(isAdmitted = true): Promise<TestNetwork> {
  return openTestNetwork(await startEmbedded(), isAdmitted);
}

/** Three organisations on a native network that the caller started; `close` leaves it running. */
export function onNativeNetwork(native: SharedNetwork): Promise<TestNetwork> {
  return openTestNetwork(groundOf(native), true);
}

async function openTestNetwork(ground: Ground, isAdmitted: boolean): Promise<TestNetwork> {
  const [trustee, north, south] = await Promise.all([
    connect(ground, TRUSTEE),
    connect(ground, NORTH),
    connect(ground, SOUTH),
  ]);
  if (isAdmitted) {
    await admitAll(trustee);
  }
  return {
    get network(): EmbeddedNetwork {
      if (ground.network === undefined) {
        throw new Error('this test is about the embedded ledger');
      }
      return ground.network;
    },
    get native(): SharedNetwork {
      if (ground.native === undefined) {
        throw new Error('this test is about a network of peers');
      }
      return ground.native;
    },
    trustee,
    north,
    south,
    environment: (mspId) => ground.environment(mspId),
    administrator: (mspId) => ground.administrator(mspId),
    close: async () => {
      [trustee, north, south].forEach((ledger) => {
        ledger.close();
      });
      await ground.close();
    },
  };
}

async function startEmbedded(): Promise<Ground> {
  const dataDir = mkdtempSync(join(tmpdir(), 'ledger-test-'));
  const network = await startEmbeddedNetwork({
    dataDir,
    channel: 'chartwitness',
    chaincode: 'provenance',
    members: [
      { mspId: TRUSTEE, role: 'trustee' },
      { mspId: NORTH, role: 'holder' },
      { mspId: SOUTH, role: 'holder' },
    ],
    log: SILENT,
  });
  return {
    network,
    environment: (mspId) => {
      const { endpoint, users } = network.embedded.organisation(mspId);
      const gateway = users['gateway'];
      return {
        FABRIC_PEER_ENDPOINT: endpoint,
        FABRIC_MSP_ID: mspId,
        FABRIC_CERT_FILE: gateway?.certificatePath ?? '',
        FABRIC_KEY_FILE: gateway?.privateKeyPath ?? '',
      };
    },
    administrator: (mspId) => {
      const { Admin } = network.embedded.organisation(mspId).users;
      return { FABRIC_CERT_FILE: Admin?.certificatePath ?? '', FABRIC_KEY_FILE: Admin?.privateKeyPath ?? '' };
    },
    close: async () => {
      await network.close();
      rmSync(dataDir, { recursive: true });
    },
  };
}

/** The run's own network goes on after `close`: other suites use it. */
async function joinFabric(): Promise<Ground> {
  return groundOf(await joinProductNetwork());
}

function groundOf(native: SharedNetwork): Ground {
  const { network } = native;
  return {
    native,
    environment: (mspId) => environmentOf(profileOf(network, organisationOf(network, mspId))),
    administrator: (mspId) => {
      const msp = join(adminDir(network, organisationOf(network, mspId)), 'msp');
      return {
        FABRIC_CERT_FILE: onlyFile(join(msp, 'signcerts')),
        FABRIC_KEY_FILE: onlyFile(join(msp, 'keystore')),
      };
    },
    close: () => Promise.resolve(),
  };
}

function connect(ground: Ground, mspId: string): Promise<FabricLedger> {
  const config = parseLedgerConfig(ground.environment(mspId));
  return connectToPeer(config, config.peer, SILENT);
}

async function admitAll(trustee: FabricLedger): Promise<void> {
  await trustee.initialise({
    trustee: TRUSTEE,
    defaultPolicy: {
      rules: [{ id: 'own-staff-treatment', effect: 'permit', org: '@holder', purposes: ['TREAT'] }],
      default: 'deny',
    },
    identifierSystems: US_IDENTIFIER_SYSTEMS,
  });
  for (const [mspId, role, name] of [
    [TRUSTEE, 'trustee', 'Patients Trust'],
    [NORTH, 'holder', 'North Hospital'],
    [SOUTH, 'holder', 'South Clinic'],
  ] as const) {
    await trustee.admitOrganisation({ mspId, role, name, identifiers: [`https://${mspId}.example`] });
  }
}

export const CLIENT = {
  clientId: 'north-ward',
  name: 'Ward system',
  jwks: {
    keys: [
      {
        kty: 'EC',
        crv: 'P-256',
        x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
        y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
        kid: 'k1',
        alg: 'ES256',
      },
    ],
  },
  scope: 'system/*.rs',
};
