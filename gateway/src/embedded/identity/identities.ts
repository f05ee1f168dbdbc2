// SPDX-License-Identifier: Apache-2.0
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { ORDERER_MSP, type Resolved } from '../resolvedOptions';
import { openOrganisationFiles, type OrganisationFiles } from './organisationFiles';

export interface Identities {
  organisations: OrganisationFiles[];
  ordering: OrganisationFiles;
}

/**
 * Certificates and keys of every organisation and of the orderer, made in `dataDir` where they are missing.
 */
export async function openIdentities({ options, organisations, clock }: Resolved): Promise<Identities> {
  const folder = path.join(options.dataDir, 'organisations');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const files: OrganisationFiles[] = [];
  for (const { mspId, users } of organisations) {
    files.push(
      await openOrganisationFiles(
        path.join(folder, mspId),
        mspId,
        'peer',
        users ?? [{ name: 'User1' }],
        clock(),
      ),
    );
  }
  const ordering = await openOrganisationFiles(
    path.join(folder, ORDERER_MSP),
    ORDERER_MSP,
    'orderer',
    [],
    clock(),
  );
  return { organisations: files, ordering };
}
