// SPDX-License-Identifier: Apache-2.0
import { loadChaincode, type TransactionMetadata } from './support/fakePeer';

const { contracts } = loadChaincode().metadata;

function line({ name, tag = [], parameters = [] }: TransactionMetadata): string {
  return `${name}(${parameters.map((one) => `${one.name}: ${one.schema.type}`).join(', ')}) ${tag.join(' ')}`;
}
const surfaceOf = (contract: string): string[] => (contracts[contract]?.transactions ?? []).map(line).sort();

describe('the built chaincode', () => {
  test('has these contracts and no other', () => {
    expect(Object.keys(contracts).sort()).toEqual([
      'Access',
      'Consent',
      'Registry',
      'org.hyperledger.fabric',
    ]);
  });

  test('Registry', () => {
    expect(surfaceOf('Registry')).toEqual([
      'AdmitOrganisation(organisationJson: string) SUBMIT submitTx',
      'GetClient(clientId: string) EVALUATE',
      'GetSettings() EVALUATE',
      'Initialise(settingsJson: string) SUBMIT submitTx',
      'ListClients(mspId: string) EVALUATE',
      'ListOrganisations() EVALUATE',
      'PutClient(clientJson: string) SUBMIT submitTx',
      'SetClientStatus(clientId: string, status: string) SUBMIT submitTx',
      'SetOrganisationStatus(mspId: string, status: string) SUBMIT submitTx',
    ]);
  });

  test('Consent', () => {
    expect(surfaceOf('Consent')).toEqual([
      'Get(subject: string) EVALUATE',
      'History(subject: string) EVALUATE',
      'Put(subject: string, expectedVersion: string) SUBMIT submitTx',
    ]);
  });

  test('Access', () => {
    expect(surfaceOf('Access')).toEqual([
      'GetBatch(lane: string, seq: string) EVALUATE',
      'GetEvents(lane: string, seq: string) EVALUATE',
      'GetTrusteeCopy(lane: string, seq: string) EVALUATE',
      'ListLanes() EVALUATE',
      'Record(lane: string, seq: string) SUBMIT submitTx',
    ]);
  });
});
