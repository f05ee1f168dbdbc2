// SPDX-License-Identifier: Apache-2.0
/** What makes peers refuse a gateway's certificate: it expires, or the channel's configuration revokes it. */
import { randomBytes, webcrypto } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { common, msp } from '@hyperledger/fabric-protos';
import * as x509 from '@peculiar/x509';
import type { Binaries } from '../network/binaries';
import { fetchConfig, inEnvelope, need } from '../network/channelConfig';
import type { Network, Organisation } from '../network/description';
import { authority } from '../network/layout';
import { asAdministrator, ordererArguments, runProgram } from '../network/programs';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;

/** The same identity with the same key, for a short while, as PEM. */
export async function shortLived(
  network: Network,
  organisation: Organisation,
  certificatePem: string,
  validForMs: number,
): Promise<string> {
  const { issuer, signingKey } = await authorityOf(network, organisation);
  const model = new x509.X509Certificate(certificatePem);
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: `4${randomBytes(15).toString('hex')}0`.slice(0, 32),
      subject: model.subjectName,
      issuer: issuer.subjectName,
      notBefore: new Date(Date.now() - 60_000),
      notAfter: new Date(Date.now() + validForMs),
      signingAlgorithm: ALGORITHM,
      publicKey: await webcrypto.subtle.importKey('spki', model.publicKey.rawData, ALGORITHM, true, [
        'verify',
      ]),
      signingKey,
      extensions: model.extensions,
    },
    webcrypto,
  );
  return `${certificate.toString('pem')}\n`;
}

/** Puts a certificate on its organisation's revocation list on the channel, or empties the list. */
export async function setRevoked(
  network: Network,
  binaries: Binaries,
  organisation: Organisation,
  certificatePem: string | undefined,
): Promise<void> {
  const config = await fetchConfig(network, binaries);
  const channel = need(config.getChannelGroup(), 'the channel');
  const application = need(channel.getGroupsMap().get('Application'), 'Application');
  const own = need(application.getGroupsMap().get(organisation.mspId), organisation.mspId);
  const before = need(own.getValuesMap().get('MSP'), 'MSP');
  const outer = msp.MSPConfig.deserializeBinary(before.getValue_asU8());
  const inner = msp.FabricMSPConfig.deserializeBinary(outer.getConfig_asU8());
  inner.setRevocationListList(
    certificatePem === undefined ? [] : [await revocationList(network, organisation, certificatePem)],
  );
  outer.setConfig(inner.serializeBinary());

  const value = new common.ConfigValue();
  value.setVersion(before.getVersion() + 1);
  value.setModPolicy(before.getModPolicy());
  value.setValue(outer.serializeBinary());
  const written = groupOf(own.getVersion());
  written.getValuesMap().set('MSP', value);
  const within = (group: common.ConfigGroup): common.ConfigGroup =>
    groupOf(
      channel.getVersion(),
      'Application',
      groupOf(application.getVersion(), organisation.mspId, group),
    );
  const update = new common.ConfigUpdate();
  update.setChannelId(network.channel);
  update.setReadSet(within(groupOf(own.getVersion())));
  update.setWriteSet(within(written));
  const file = path.join(network.dataDir, 'channel', 'revocation.pb');
  writeFileSync(file, inEnvelope(update, network.channel));
  await runProgram(
    network,
    binaries,
    'peer',
    ['channel', 'update', '-c', network.channel, '-f', file, ...ordererArguments(network, organisation)],
    asAdministrator(network, organisation),
  );
}

async function revocationList(
  network: Network,
  organisation: Organisation,
  certificatePem: string,
): Promise<Buffer> {
  const { issuer, signingKey } = await authorityOf(network, organisation);
  const own = need(
    issuer.getExtension(x509.SubjectKeyIdentifierExtension) ?? undefined,
    'the key identifier',
  );
  const list = await x509.X509CrlGenerator.create(
    {
      issuer: issuer.subjectName,
      thisUpdate: new Date(Date.now() - 60_000),
      nextUpdate: new Date(Date.now() + DAY_MS),
      entries: [{ serialNumber: new x509.X509Certificate(certificatePem).serialNumber }],
      extensions: [new x509.AuthorityKeyIdentifierExtension(own.keyId)],
      signingAlgorithm: ALGORITHM,
      signingKey,
    },
    webcrypto,
  );
  return Buffer.from(list.rawData);
}

async function authorityOf(
  network: Network,
  organisation: Organisation,
): Promise<{ issuer: x509.X509Certificate; signingKey: webcrypto.CryptoKey }> {
  const { certFile, keyFile } = authority(network, organisation, 'ca');
  const der = Buffer.from(readFileSync(keyFile, 'utf8').replace(/-----[^-]+-----|\s/g, ''), 'base64');
  return {
    issuer: new x509.X509Certificate(readFileSync(certFile, 'utf8')),
    signingKey: await webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign']),
  };
}

function groupOf(version: number, name?: string, group?: common.ConfigGroup): common.ConfigGroup {
  const made = new common.ConfigGroup();
  made.setVersion(version);
  if (name !== undefined && group !== undefined) {
    made.getGroupsMap().set(name, group);
  }
  return made;
}
