// SPDX-License-Identifier: Apache-2.0
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { identityDir, ordererTlsCaFile, profileFile, tlsCaFile } from './layout';
import { writeSecret } from './identities';
import type { Network, Organisation } from './description';

/** All that an organisation's gateway needs to use the ledger; every `…File` is an absolute path. */
export interface Profile {
  mspId: string;
  role: 'trustee' | 'holder';
  /** `host:port`. */
  peerEndpoint: string;
  /** Authority of the peer's TLS certificate. */
  tlsCaFile: string;
  /** Shown to the peer when the connection is made. */
  clientTlsCertFile: string;
  /** Mode 600. */
  clientTlsKeyFile: string;
  /** `host:port`, several with commas between; for when the peer reaches no orderer. */
  ordererEndpoints: string;
  /** Authority of the orderer's TLS certificate. */
  ordererTlsCaFile: string;
  /** The identity that signs proposals; carries the attribute `chartwitness.role`. */
  certFile: string;
  /** Mode 600, PKCS #8, P-256. */
  keyFile: string;
  channel: string;
  chaincode: string;
}

export function profileOf(network: Network, organisation: Organisation): Profile {
  const secrets = identityDir(network, organisation);
  return {
    mspId: organisation.mspId,
    role: organisation.role,
    peerEndpoint: organisation.peerEndpoint,
    tlsCaFile: tlsCaFile(network, organisation),
    clientTlsCertFile: path.join(secrets, 'gateway.tls.cert.pem'),
    clientTlsKeyFile: path.join(secrets, 'gateway.tls.key.pem'),
    ordererEndpoints: (network.orderer.endpoints ?? [network.orderer.endpoint]).join(','),
    ordererTlsCaFile: ordererTlsCaFile(network),
    certFile: path.join(secrets, 'gateway.cert.pem'),
    keyFile: path.join(secrets, 'gateway.key.pem'),
    channel: network.channel,
    chaincode: network.chaincode.name,
  };
}

/** The same as environment variables, which is how gateways read it. */
export function environmentOf(profile: Profile): Record<string, string> {
  return {
    FABRIC_PEER_ENDPOINT: profile.peerEndpoint,
    FABRIC_TLS_CA_FILE: profile.tlsCaFile,
    FABRIC_CLIENT_TLS_CERT_FILE: profile.clientTlsCertFile,
    FABRIC_CLIENT_TLS_KEY_FILE: profile.clientTlsKeyFile,
    FABRIC_ORDERER_ENDPOINTS: profile.ordererEndpoints,
    FABRIC_ORDERER_TLS_CA_FILE: profile.ordererTlsCaFile,
    FABRIC_MSP_ID: profile.mspId,
    FABRIC_CERT_FILE: profile.certFile,
    FABRIC_KEY_FILE: profile.keyFile,
    FABRIC_CHANNEL: profile.channel,
    FABRIC_CHAINCODE: profile.chaincode,
  };
}

/**
 * Writes each organisation's profile as JSON and as an environment file.
 * @returns the files
 */
export function writeProfiles(network: Network): string[] {
  return network.organisations.flatMap((organisation) => {
    const profile = profileOf(network, organisation);
    const jsonFile = profileFile(network, organisation, 'json');
    const envFile = profileFile(network, organisation, 'env');
    const lines = Object.entries(environmentOf(profile)).map(([name, value]) => `${name}=${value}\n`);
    mkdirSync(path.dirname(jsonFile), { recursive: true });
    writeSecret(jsonFile, `${JSON.stringify(profile, null, 2)}\n`);
    writeSecret(
      envFile,
      `# ${profile.mspId}'s gateway on the network in ${network.dataDir}\n${lines.join('')}`,
    );
    return [jsonFile, envFile];
  });
}
