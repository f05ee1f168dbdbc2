// SPDX-License-Identifier: Apache-2.0
/**
 * Calls of this repository's own chaincode, good and of each kind of failure, as a fixed list that both
 * ledgers are asked.
 */
import { common } from '@hyperledger/fabric-protos';
import { CommitError } from '@hyperledger/fabric-gateway';
import { US_IDENTIFIER_SYSTEMS } from '../../gateway/src/compose/bootstrap';
import { toLedgerError } from '../../gateway/src/ledger/ledgerErrors';
import { type Answer, answerTo } from '../conformance/answers';
import { CLIENT, NORTH, SOUTH, type TestNetwork, TRUSTEE } from '../gateway/ledger/network';
import { requestOf } from '../gateway/recorder/support/requests';
import { shiftClock } from '../support/shiftedClock';
import { type Caller, callAs } from './connections';
import {
  asked,
  batchOf,
  type Cast,
  consent,
  HOSPITAL_AND_TRUSTEE,
  LANE,
  outcomesIn,
  type Question,
  race,
  read,
  readAt,
  record,
  submitted,
  write,
} from './productCalls';

/**
 * An answer, and what the product's ledger facade makes of a failure: its kind, and the chaincode's own code.
 */
export interface ProductAnswer extends Answer {
  meaning?: string;
}

const MINUTES = 60_000;
const SUBJECT = requestOf(0).subject;

const organisation = (mspId: string, role: string, identifier = `https://${mspId}.example`): string =>
  JSON.stringify({ mspId, role, name: `Name of ${mspId}`, identifiers: [identifier] });
const client = (clientId: string, change: object = {}): string =>
  JSON.stringify({ ...CLIENT, clientId, ...change });
const settings = {
  trustee: TRUSTEE,
  defaultPolicy: {
    rules: [{ id: 'own-staff-treatment', effect: 'permit', org: '@holder', purposes: ['TREAT'] }],
    default: 'deny',
  },
  identifierSystems: US_IDENTIFIER_SYSTEMS,
};
const DENY = { rules: [], default: 'deny' };

const registry: Question[] = [
  asked('settings before there are any', ({ north }) => read(north, 'Registry:GetSettings')),
  submitted('a batch before there are settings', ({ north }) => record(north, 0, batchOf(0, requestOf(0)))),
  submitted('set up by a holder', ({ north }) =>
    write(north, 'Registry:Initialise', [JSON.stringify({ ...settings, trustee: NORTH })]),
  ),
  submitted('set up with settings that are none', ({ trustee }) =>
    write(trustee, 'Registry:Initialise', ['{"trustee": 1}']),
  ),
  submitted('set up', ({ trustee }) => write(trustee, 'Registry:Initialise', [JSON.stringify(settings)])),
  submitted('set up twice', ({ trustee }) =>
    write(trustee, 'Registry:Initialise', [JSON.stringify(settings)]),
  ),
  submitted('an organisation admitted by a holder', ({ north }) =>
    write(north, 'Registry:AdmitOrganisation', [organisation(NORTH, 'holder')]),
  ),
  submitted('the trustee admitted', ({ trustee }) =>
    write(trustee, 'Registry:AdmitOrganisation', [organisation(TRUSTEE, 'trustee')]),
  ),
  submitted('a holder admitted', ({ trustee }) =>
    write(trustee, 'Registry:AdmitOrganisation', [organisation(NORTH, 'holder')]),
  ),
  submitted('a holder with another’s identifier', ({ trustee }) =>
    write(trustee, 'Registry:AdmitOrganisation', [organisation(SOUTH, 'holder', `https://${NORTH}.example`)]),
  ),
  submitted('a second trustee', ({ trustee }) =>
    write(trustee, 'Registry:AdmitOrganisation', [organisation(SOUTH, 'trustee')]),
  ),
  submitted('a client of an organisation that is not admitted', ({ south }) =>
    write(south, 'Registry:PutClient', [client('south-ward')]),
  ),
  submitted('another holder admitted', ({ trustee }) =>
    write(trustee, 'Registry:AdmitOrganisation', [organisation(SOUTH, 'holder')]),
  ),
  asked('the organisations', ({ south }) => read(south, 'Registry:ListOrganisations')),
  submitted('a client registered', ({ north }) => write(north, 'Registry:PutClient', [client('north-ward')])),
  submitted('another’s client id', ({ south }) => write(south, 'Registry:PutClient', [client('north-ward')])),
  submitted('a client with a private key', ({ north }) =>
    write(north, 'Registry:PutClient', [
      client('north-new', { jwks: { keys: [{ ...CLIENT.jwks.keys[0], d: 'AA' }] } }),
    ]),
  ),
  submitted('a client by a member without the role attribute', ({ clerk }) =>
    write(clerk, 'Registry:PutClient', [client('north-clerk')]),
  ),
  asked('a client', ({ south }) => read(south, 'Registry:GetClient', 'north-ward')),
  asked('a client that does not exist', ({ south }) => read(south, 'Registry:GetClient', 'nobody')),
  submitted('two changes of one client at the same time', async ({ north }) => {
    const change = (name: string) =>
      north.contract
        .newProposal('Registry:PutClient', {
          arguments: [client('north-ward', { name })],
          endorsingOrganizations: HOSPITAL_AND_TRUSTEE,
        })
        .endorse();
    return race(await change('First'), await change('Second'));
  }),
  submitted('a client endorsed by its holder alone', ({ north }) =>
    write(north, 'Registry:PutClient', [client('north-alone')], { endorsingOrganizations: [NORTH] }),
  ),
];

const access: Question[] = [
  submitted('a batch: treatment by own staff, and research', ({ north }) =>
    record(north, 0, batchOf(0, requestOf(0), requestOf(1, { purpose: 'HRESCH' }))),
  ),
  submitted('a place that is taken', ({ north }) => record(north, 0, batchOf(0, requestOf(2)))),
  submitted('another’s lane', ({ south }) =>
    record(south, 9, batchOf(9, requestOf(2)), { endorsingOrganizations: [SOUTH, TRUSTEE] }),
  ),
  submitted('a batch by the trustee', ({ trustee }) =>
    record(trustee, 0, batchOf(0, requestOf(2)), { endorsingOrganizations: [TRUSTEE] }, `${TRUSTEE}/ward`),
  ),
  submitted('a lane that is none', ({ north }) => record(north, 1, batchOf(2, requestOf(2)), {}, 'ward')),
  submitted('a place that is none', ({ north }) => record(north, '-1', batchOf(2, requestOf(2)))),
  submitted('a batch without transient data', ({ north }) => record(north, 1, '', { transientData: {} })),
  submitted('a batch that is not JSON', ({ north }) => record(north, 1, 'batch')),
  submitted('a batch that is not UTF-8', ({ north }) => record(north, 1, Buffer.from([0xff, 0xfe]))),
  submitted('a batch of more than a mebibyte', ({ north }) => record(north, 1, ' '.repeat(1_048_577))),
  submitted('an empty batch', ({ north }) => record(north, 1, batchOf(2))),
  submitted('a request without its form', ({ north }) =>
    record(north, 1, batchOf(2, requestOf(2, { subject: 'Michael' }))),
  ),
  submitted('a batch endorsed by the holder alone', ({ north }) =>
    record(north, 1, batchOf(2, requestOf(2)), { endorsingOrganizations: [NORTH] }),
  ),
  submitted('a batch endorsed by the trustee alone', ({ north }) =>
    record(north, 1, batchOf(2, requestOf(2)), { endorsingOrganizations: [TRUSTEE] }),
  ),
  submitted('a batch endorsed by two holders', ({ north }) =>
    record(north, 1, batchOf(2, requestOf(2)), { endorsingOrganizations: [NORTH, SOUTH] }),
  ),
  submitted('a batch whose endorsers are not named', ({ north }) =>
    write(north, 'Access:Record', [LANE, '1'], { transientData: { batch: batchOf(2, requestOf(2)) } }),
  ),
  submitted('two batches for one place at the same time', async ({ north }) => {
    const propose = (number: number) =>
      north.contract
        .newProposal('Access:Record', {
          arguments: [LANE, '1'],
          transientData: { batch: batchOf(2, requestOf(number)) },
          endorsingOrganizations: HOSPITAL_AND_TRUSTEE,
        })
        .endorse();
    return race(await propose(3), await propose(4));
  }),
  submitted('break-glass against the rules', ({ north }) =>
    record(
      north,
      2,
      batchOf(3, requestOf(5, { purpose: 'BTG', emergency: { reason: 'unconscious after a fall' } })),
    ),
  ),
  ...[2 * MINUTES, -2 * MINUTES].map((offsetMs) =>
    submitted(`a client’s clock ${String(offsetMs / MINUTES)} minutes off`, async ({ north }) => {
      shiftClock(offsetMs);
      try {
        return await record(north, 3, batchOf(4, requestOf(6)));
      } finally {
        shiftClock(0);
      }
    }),
  ),
  submitted('a batch of a suspended organisation', async ({ net, north }) => {
    await net.trustee.setOrganisationStatus(NORTH, 'suspended');
    try {
      return await record(north, 3, batchOf(4, requestOf(6)));
    } finally {
      await net.trustee.setOrganisationStatus(NORTH, 'active');
    }
  }),
  submitted('a batch of a suspended client', async ({ net, north }) => {
    await net.north.setClientStatus('north-ward', 'suspended');
    try {
      return await record(north, 3, batchOf(4, requestOf(6)));
    } finally {
      await net.north.setClientStatus('north-ward', 'active');
    }
  }),
  asked('a batch’s record, by another holder', async ({ south }) => {
    const { start, count } = JSON.parse(await read(south, 'Access:GetBatch', LANE, '0')) as Record<
      string,
      number
    >;
    return { start, count };
  }),
  asked('a batch’s record that does not exist', ({ south }) => read(south, 'Access:GetBatch', LANE, '77')),
  ...([NORTH, TRUSTEE] as const).map((mspId) =>
    asked(
      `a batch’s events, by ${mspId === NORTH ? 'the holder' : 'the trustee'}`,
      async ({ north, trustee }) => {
        return outcomesIn(await read(mspId === NORTH ? north : trustee, 'Access:GetEvents', LANE, '0'));
      },
    ),
  ),
  asked('a batch’s events, by another holder', ({ south }) => read(south, 'Access:GetEvents', LANE, '0')),
  asked('a batch’s events that do not exist', ({ north }) => read(north, 'Access:GetEvents', LANE, '77')),
  asked('the own lanes', ({ north }) => read(north, 'Access:ListLanes')),
  asked('the own lanes, as the trustee’s peer knows them', ({ north }) =>
    readAt(TRUSTEE, north, 'Access:ListLanes'),
  ),
  asked('the own lanes, by a holder without one', ({ south }) => read(south, 'Access:ListLanes')),
  asked('the own lanes, by the trustee', ({ trustee }) => read(trustee, 'Access:ListLanes')),
  asked('the trustee’s copy of a batch’s events, by their holder', async ({ north }) =>
    outcomesIn(await readAt(TRUSTEE, north, 'Access:GetTrusteeCopy', LANE, '0')),
  ),
  asked('the trustee’s copy, asked of the holder’s own peer', ({ north }) =>
    read(north, 'Access:GetTrusteeCopy', LANE, '0'),
  ),
  asked('the trustee’s copy, by another holder', ({ south }) =>
    readAt(TRUSTEE, south, 'Access:GetTrusteeCopy', LANE, '0'),
  ),
  asked('the trustee’s copy, by the trustee', ({ trustee }) =>
    read(trustee, 'Access:GetTrusteeCopy', LANE, '0'),
  ),
  asked('the trustee’s copy of events that do not exist', ({ north }) =>
    readAt(TRUSTEE, north, 'Access:GetTrusteeCopy', LANE, '77'),
  ),
  asked('the trustee’s copy in a lane that is none', ({ north }) =>
    readAt(TRUSTEE, north, 'Access:GetTrusteeCopy', 'ward', '0'),
  ),
];

const consents: Question[] = [
  submitted('a consent', ({ trustee }) => write(trustee, 'Consent:Put', [SUBJECT, '0'], consent(DENY, 1))),
  submitted('a consent from an old version', ({ trustee }) =>
    write(trustee, 'Consent:Put', [SUBJECT, '0'], consent(DENY, 2)),
  ),
  submitted('a consent without its form', ({ trustee }) =>
    write(trustee, 'Consent:Put', [SUBJECT, '1'], consent({ rules: [], default: 'perhaps' }, 3)),
  ),
  submitted('a consent by a holder', ({ north }) =>
    write(north, 'Consent:Put', [SUBJECT, '1'], consent(DENY, 4, { endorsingOrganizations: [NORTH] })),
  ),
  submitted('a consent endorsed by a holder', ({ trustee }) =>
    write(trustee, 'Consent:Put', [SUBJECT, '1'], consent(DENY, 5, { endorsingOrganizations: [NORTH] })),
  ),
  submitted('two consents at the same time', async ({ trustee }) => {
    const change = (number: number) =>
      trustee.contract
        .newProposal('Consent:Put', { arguments: [SUBJECT, '1'], ...consent(DENY, number) })
        .endorse();
    return race(await change(6), await change(7));
  }),
  asked('a consent on file', async ({ trustee }) => {
    const found = JSON.parse(await read(trustee, 'Consent:Get', SUBJECT)) as {
      document: { version: number };
    };
    return found.document;
  }),
  asked('a consent’s history', async ({ trustee }) => {
    const history = JSON.parse(await read(trustee, 'Consent:History', SUBJECT)) as {
      document: { version: number };
    }[];
    return history.map(({ document }) => document.version);
  }),
  asked('a consent that does not exist', ({ trustee }) =>
    read(trustee, 'Consent:Get', Buffer.alloc(32, 9).toString('base64url')),
  ),
  asked('a consent, by a holder', ({ north }) => read(north, 'Consent:Get', SUBJECT)),
  asked('a consent of a subject that is none', ({ trustee }) => read(trustee, 'Consent:Get', 'Michael')),
  submitted('a batch after the consent', ({ north }) => record(north, 4, batchOf(5, requestOf(7)))),
];

const rest: Question[] = [
  asked('a transaction that does not exist', ({ north }) => read(north, 'Access:Erase', LANE)),
  asked('a contract that does not exist', ({ north }) => read(north, 'Billing:Get', LANE)),
  asked('too few arguments', ({ north }) => read(north, 'Access:GetBatch', LANE)),
  asked('the names of all events, in order', async ({ trustee }) => {
    const last = await lastBlock(trustee);
    const names: string[] = [];
    const chaincode = trustee.contract.getChaincodeName();
    const events = await trustee.channel.getChaincodeEvents(chaincode, { startBlock: 0n });
    for await (const event of events) {
      names.push(event.eventName);
      if (event.blockNumber >= last) {
        break;
      }
    }
    events.close();
    return names;
  }),
];

/** The chain's last block, which holds the last question's batch: nobody else writes meanwhile. */
async function lastBlock({ channel }: Caller): Promise<bigint> {
  const bytes = await channel.getContract('qscc').evaluateTransaction('GetChainInfo', channel.getName());
  return BigInt(common.BlockchainInfo.deserializeBinary(bytes).getHeight()) - 1n;
}

/** Puts every question to a network whose registry is empty. */
export async function askProduct(net: TestNetwork): Promise<ProductAnswer[]> {
  const cast: Cast = {
    net,
    trustee: await callAs(net, TRUSTEE, TRUSTEE),
    north: await callAs(net, NORTH, NORTH),
    south: await callAs(net, SOUTH, SOUTH),
    clerk: await callAs(net, NORTH, NORTH, net.administrator(NORTH)),
  };
  const answers: ProductAnswer[] = [];
  try {
    for (const question of [registry, access, consents, rest].flat()) {
      answers.push(await ask(question, cast));
    }
  } finally {
    for (const { close } of [cast.trustee, cast.north, cast.south, cast.clerk]) {
      close();
    }
  }
  return answers;
}

/** Until every organisation's own peer has all blocks: a write waits for the writer's peer alone. */
async function settle({ trustee, north, south }: TestNetwork): Promise<void> {
  let heights: Set<bigint>;
  do {
    heights = new Set(await Promise.all([trustee, north, south].map((ledger) => ledger.ownHeight())));
  } while (heights.size > 1);
}

async function ask({ name, stage, run }: Question, cast: Cast): Promise<ProductAnswer> {
  if (stage === 'evaluate') {
    await settle(cast.net);
  }
  let meaning: string | undefined;
  const answer = await answerTo(name, async () => {
    try {
      return await run(cast);
    } catch (error) {
      const { kind, domainCode } = toLedgerError(
        error,
        error instanceof CommitError ? 'commitStatus' : stage,
      );
      meaning = domainCode === undefined ? kind : `${kind} ${domainCode}`;
      throw error;
    }
  });
  return meaning === undefined ? answer : { ...answer, meaning };
}
