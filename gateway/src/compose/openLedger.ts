// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { LedgerKeeping } from '../api/schemas';
import type { HospitalConfig } from '../config/hospitalConfig';
import type { ChannelConfig, NodeTls, PeerConfig } from '../config/peerConfig';
import type { Secret } from '../config/secret';
import type { TrusteeConfig } from '../config/trusteeConfig';
import type { LedgerTls } from '../ledger/channel';
import type { ConnectionOptions } from '../ledger/connection';
import { connectLedger, type FabricLedger } from '../ledger/fabricLedger';
import { openHsmSigner, subjectKeyIdentifier } from '../ledger/hsmSigner';
import { createP256Signer } from '../ledger/signer';
import { bootstrapNetwork } from './bootstrap';
import { closeAll } from './closeAll';
import { startEmbeddedNetwork } from './embeddedNetwork';

export interface OpenedLedger {
  readonly ledger: FabricLedger;
  readonly keeping: LedgerKeeping;
  close(): Promise<void>;
}

type LedgerConfig = Pick<HospitalConfig | TrusteeConfig, 'peer' | 'dataDir' | 'subjectIdentifierSystems'> &
  ChannelConfig;

/** MSP id of the other side when a role runs on its own embedded ledger. */
const LONE_TRUSTEE = 'TrusteeMSP';
const LONE_HOLDER = 'NorthHospitalMSP';

/**
 * The ledger that the configuration names: a real peer, or the embedded ledger in this process. Beyond this
 * function it is only told, never acted upon.
 */
export async function openLedger(
  config: LedgerConfig,
  role: 'holder' | 'trustee',
  log: Logger,
): Promise<OpenedLedger> {
  if (config.peer !== undefined) {
    const ledger = await connectToPeer(config, config.peer, log);
    return {
      ledger,
      keeping: 'shared',
      close: () => {
        ledger.close();
        return Promise.resolve();
      },
    };
  }
  return openEmbedded(config, role, log);
}

/**
 * A connection to a real peer; makes no call.
 * @throws Error when the certificate has expired or is not the key's, HsmError when the key's PKCS#11 token
 *   cannot be used.
 */
export function connectToPeer(config: ChannelConfig, peer: PeerConfig, log: Logger): Promise<FabricLedger> {
  const { channel, chaincode } = config;
  return connectLedger({
    ...peerConnection(config, peer, log),
    channel,
    chaincode,
    log,
    ...(peer.orderers === undefined
      ? {}
      : { orderers: { endpoints: peer.orderers.endpoints, tls: revealed(peer.orderers.tls) } }),
  });
}

/**
 * How the configuration reaches its peer, and as whom. A PKCS#11 token is logged in to here; the connection's
 * end ends its session.
 */
export function peerConnection({ mspId }: ChannelConfig, peer: PeerConfig, log: Logger): ConnectionOptions {
  return {
    endpoint: peer.endpoint,
    identity: { mspId, certificatePem: peer.certificatePem },
    ...signerOf(peer, log),
    ...(peer.tls === undefined ? {} : { tls: revealed(peer.tls) }),
  };
}

function signerOf(
  { signingKey, certificatePem }: PeerConfig,
  log: Logger,
): Pick<ConnectionOptions, 'signer' | 'closeSigner'> {
  const text = (secret: Secret): string => new TextDecoder().decode(secret.reveal());
  if (signingKey.kind === 'file') {
    return { signer: createP256Signer(text(signingKey.privateKeyPem)) };
  }
  const { library, token, pin, keyId } = signingKey;
  const hsm = openHsmSigner({
    library,
    token,
    pin: text(pin),
    keyId: keyId ?? subjectKeyIdentifier(certificatePem),
    log,
  });
  return {
    signer: hsm.sign,
    closeSigner: () => {
      hsm.close();
    },
  };
}

function revealed({ rootCertificates, clientCertificate, clientKey }: NodeTls): LedgerTls {
  return {
    rootCertificates,
    ...(clientCertificate === undefined || clientKey === undefined
      ? {}
      : { clientCertificate, clientKey: clientKey.reveal() }),
  };
}

async function openEmbedded(
  config: LedgerConfig,
  role: 'holder' | 'trustee',
  log: Logger,
): Promise<OpenedLedger> {
  const trustee = role === 'trustee' ? config.mspId : LONE_TRUSTEE;
  const holder = role === 'holder' ? config.mspId : LONE_HOLDER;
  const dataDir = join(config.dataDir, 'ledger');
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const network = await startEmbeddedNetwork({
    dataDir,
    channel: config.channel,
    chaincode: config.chaincode,
    members: [
      { mspId: trustee, role: 'trustee' },
      { mspId: holder, role: 'holder' },
    ],
    log,
  });
  const opened: (() => Promise<void> | void)[] = [() => network.close()];
  try {
    const admin = await network.connect(trustee);
    opened.unshift(() => {
      admin.close();
    });
    await bootstrapNetwork(
      admin,
      [
        { mspId: trustee, role: 'trustee', name: trustee, identifiers: [`urn:chartwitness:${trustee}`] },
        { mspId: holder, role: 'holder', name: holder, identifiers: [`urn:chartwitness:${holder}`] },
      ],
      config.subjectIdentifierSystems,
    );
    writeFileSync(join(dataDir, 'profile.json'), profileOf(network.embedded, config, [trustee, holder]), {
      mode: 0o600,
    });
    const ledger = role === 'trustee' ? admin : await network.connect(holder);
    opened.unshift(() => {
      ledger.close();
    });
    return { ledger, keeping: 'single', close: () => closeAll(opened) };
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
}

/** The environment by which another process joins: variable names as in the configuration, by MSP id. */
function profileOf(
  embedded: {
    organisation(mspId: string): {
      endpoint: string;
      users: Record<string, { certificatePath: string; privateKeyPath: string }>;
    };
  },
  config: LedgerConfig,
  mspIds: readonly string[],
): string {
  const members = mspIds.map((mspId) => {
    const { endpoint, users } = embedded.organisation(mspId);
    return [
      mspId,
      {
        FABRIC_PEER_ENDPOINT: endpoint,
        FABRIC_CHANNEL: config.channel,
        FABRIC_CHAINCODE: config.chaincode,
        FABRIC_MSP_ID: mspId,
        FABRIC_CERT_FILE: users['gateway']?.certificatePath,
        FABRIC_KEY_FILE: users['gateway']?.privateKeyPath,
      },
    ] as const;
  });
  return `${JSON.stringify(Object.fromEntries(members), null, 2)}\n`;
}
