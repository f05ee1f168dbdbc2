// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type CollectionTerms, consentsCollection } from '@chartwitness/chaincode/domain';
import { type Network, type Organisation, provenancePolicy, trusteeOf } from './description';
import { NETWORK_FOLDER } from './folder';
import {
  ledgerDir,
  ordererDir,
  ordererOrganisationDir,
  ordererTlsCaFile,
  organisationDir,
  peerDir,
  peerPart,
  tlsCaFile,
} from './layout';

export const BUILDER_DIR = path.join(NETWORK_FOLDER, 'builder');

/**
 * The name of the channel's policy for public writes, and the only form of it that a chaincode definition may
 * use.
 */
export const PROVENANCE_POLICY = '/Channel/Application/Provenance';

/** Replaces each `${name}`. A field without a value and a value without a field are both mistakes of ours. */
export function fill(template: string, values: Record<string, string | number>) {
  const unused = new Set(Object.keys(values));
  const text = template.replace(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) {
      throw new Error(`No value for ${name}`);
    }
    unused.delete(name);
    return String(value);
  });
  if (unused.size > 0) {
    throw new Error(`No field for ${[...unused].join(', ')}`);
  }
  return text;
}

const AUTH_FILTERS_2 = '[{ name: DefaultAuth }, { name: ExpirationCheck }]';
const AUTH_FILTERS_3 = '[{ name: DefaultAuth }, { name: ExpirationCheck }, { name: TimeWindowCheck }]';

const template = (name: string) => readFileSync(path.join(NETWORK_FOLDER, 'config', name), 'utf8');

/** Paths, written so that any character in them is safe in YAML. */
const yamlList = (items: string[]) => `[${items.map((item) => JSON.stringify(item)).join(', ')}]`;

/**
 * A peer's `core.yaml`.
 * @param fabricVersion such as `3.1.5`: Fabric 2.5 does not know the time-window check and would not start
 *   with it
 */
export function coreYaml(network: Network, organisation: Organisation, fabricVersion: string) {
  return fill(template('core.yaml'), {
    peerId: `peer0.${organisation.domain}`,
    mspId: organisation.mspId,
    peerEndpoint: organisation.peerEndpoint,
    peerPort: organisation.peerPort,
    chaincodeListenPort: organisation.chaincodeListenPort,
    operationsPort: organisation.operationsPort,
    mspDir: path.join(peerDir(network, organisation), 'msp'),
    tlsDir: path.join(peerDir(network, organisation), 'tls'),
    ledgerDir: ledgerDir(network, peerPart(organisation)),
    clientRootCas: yamlList(network.organisations.map((each) => tlsCaFile(network, each))),
    builderDir: BUILDER_DIR,
    executeTimeout: network.chaincode.executeTimeout,
    authFilters: fabricVersion.startsWith('2.') ? AUTH_FILTERS_2 : AUTH_FILTERS_3,
  });
}

export function ordererYaml(network: Network) {
  const clients = [
    ordererTlsCaFile(network),
    ...network.organisations.map((each) => tlsCaFile(network, each)),
  ];
  return fill(template('orderer.yaml'), {
    port: network.orderer.port,
    adminPort: network.orderer.adminPort,
    operationsPort: network.orderer.operationsPort,
    mspId: network.orderer.mspId,
    mspDir: path.join(ordererDir(network), 'msp'),
    tlsDir: path.join(ordererDir(network), 'tls'),
    ledgerDir: ledgerDir(network, 'orderer'),
    clientRootCas: yamlList(clients),
  });
}

/**
 * What cryptogen makes: an authority for identities and one for TLS in each organisation, one node each, one
 * administrator each. Gateways' identities are issued afterwards (identities.ts), because cryptogen knows no
 * attributes.
 */
export function cryptoConfigYaml(network: Network) {
  const host = (name: string) => `      - Hostname: ${name}
        SANS: [localhost, 127.0.0.1]`;
  const peers = network.organisations.map(
    (organisation) => `  - Name: ${organisation.mspId}
    Domain: ${organisation.domain}
    # Node OUs: a certificate's OU (client, peer, admin, orderer) says what its owner may be.
    EnableNodeOUs: true
    Specs:
${host('peer0')}
    Users:
      Count: 1`,
  );
  return `# Development only: in production each organisation runs its own certificate authority.
OrdererOrgs:
  - Name: ${network.orderer.mspId}
    Domain: ${network.orderer.domain}
    EnableNodeOUs: true
    Specs:
${host('orderer')}
PeerOrgs:
${peers.join('\n')}
`;
}

/** The channel: who is in it, who may do what, how blocks are cut. */
export function configtxYaml(network: Network) {
  const { orderer, block } = network;
  return `# The channel's first configuration, turned into its block 0 by configtxgen.
Organizations:
  - &orderer
    Name: ${orderer.mspId}
    ID: ${orderer.mspId}
    MSPDir: ${path.join(ordererOrganisationDir(network), 'msp')}
    Policies:
      Readers: { Type: Signature, Rule: "OR('${orderer.mspId}.member')" }
      Writers: { Type: Signature, Rule: "OR('${orderer.mspId}.member')" }
      Admins: { Type: Signature, Rule: "OR('${orderer.mspId}.admin')" }
    OrdererEndpoints: ["${orderer.endpoint}"]
${network.organisations.map((each) => organisationYaml(network, each)).join('\n')}

Capabilities:
  # The highest levels that both Fabric 2.5 and 3.1 know.
  Channel: &channelCapabilities { V2_0: true }
  Orderer: &ordererCapabilities { V2_0: true }
  # V2_5: private data can be purged.
  Application: &applicationCapabilities { V2_5: true }

Profiles:
  Chartwitness:
    Policies: &implicitPolicies
      Readers: { Type: ImplicitMeta, Rule: ANY Readers }
      Writers: { Type: ImplicitMeta, Rule: ANY Writers }
      Admins: { Type: ImplicitMeta, Rule: MAJORITY Admins }
    Capabilities: *channelCapabilities
    Orderer:
      OrdererType: etcdraft
      # A transaction carries a whole batch of access events, so a block has nothing to wait for: it is cut at
      # MaxMessageCount messages (one by default), and after BatchTimeout whatever has come. A longer wait would be added to
      # every answer that a hospital gets, because data leave only after the commit.
      BatchTimeout: ${block.batchTimeout}
      BatchSize:
        MaxMessageCount: ${String(block.maxMessageCount)}
        AbsoluteMaxBytes: ${String(block.absoluteMaxBytes ?? '10 MB')}
        PreferredMaxBytes: ${String(block.preferredMaxBytes ?? '2 MB')}
      EtcdRaft:
        Consenters:
          - Host: localhost
            Port: ${String(orderer.port)}
            ClientTLSCert: ${path.join(ordererDir(network), 'tls', 'server.crt')}
            ServerTLSCert: ${path.join(ordererDir(network), 'tls', 'server.crt')}
        Options:
          # One orderer elects itself after ElectionTick ticks; with the usual 500 ms it would do nothing for up to ten
          # seconds after every start.
          TickInterval: 100ms
          ElectionTick: 10
          HeartbeatTick: 1
          MaxInflightBlocks: 5
          SnapshotIntervalSize: 16 MB
      Organizations: [*orderer]
      Policies:
        <<: *implicitPolicies
        BlockValidation: { Type: ImplicitMeta, Rule: ANY Writers }
      Capabilities: *ordererCapabilities
    Application:
      Organizations: [${network.organisations.map((each) => `*${each.name}`).join(', ')}]
      Policies:
        <<: *implicitPolicies
        # A chaincode definition needs the approval of a majority of the organisations.
        LifecycleEndorsement: { Type: ImplicitMeta, Rule: MAJORITY Endorsement }
        Endorsement: { Type: ImplicitMeta, Rule: MAJORITY Endorsement }
        # Who must endorse what the chaincode writes in public: the trustee and any holder. It stands in the channel, not in
        # the chaincode's definition, so that admitting a holder is one configuration update.
        Provenance: { Type: Signature, Rule: "${provenancePolicy(network)}" }
      Capabilities: *applicationCapabilities
${aclsYaml(network)}`;
}

/** Fabric's own defaults hold for every resource that is not named. */
function aclsYaml({ rules }: Network) {
  const acls = Object.entries(rules?.acls ?? {});
  return acls.length === 0
    ? ''
    : ['      ACLs:', ...acls.map(([resource, policy]) => `        ${resource}: ${policy}`), ''].join('\n');
}

function organisationYaml(network: Network, organisation: Organisation) {
  const { mspId, name } = organisation;
  const [host, port] = organisation.peerEndpoint.split(':');
  const writers = network.rules?.writers?.[mspId] ?? `OR('${mspId}.admin', '${mspId}.client')`;
  return `  - &${name}
    Name: ${mspId}
    ID: ${mspId}
    MSPDir: ${path.join(organisationDir(network, organisation), 'msp')}
    Policies:
      Readers: { Type: Signature, Rule: "OR('${mspId}.admin', '${mspId}.peer', '${mspId}.client')" }
      # Not the peers: a peer endorses, it does not ask.
      Writers: { Type: Signature, Rule: "${writers}" }
      Admins: { Type: Signature, Rule: "OR('${mspId}.admin')" }
      Endorsement: { Type: Signature, Rule: "OR('${mspId}.peer')" }
    AnchorPeers:
      - { Host: ${String(host)}, Port: ${String(port)} }`;
}

/** The private data collections of the chaincode on this network. */
export function collections(network: Network): readonly CollectionTerms[] {
  return [
    consentsCollection(
      trusteeOf(network).mspId,
      network.organisations.map(({ mspId }) => mspId),
    ),
  ];
}
