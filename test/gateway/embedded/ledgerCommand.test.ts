// SPDX-License-Identifier: Apache-2.0
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { createPrivateKey } from 'node:crypto';
import * as grpc from '@grpc/grpc-js';
import { connect, signers } from '@hyperledger/fabric-gateway';

const COMMAND = path.resolve(__dirname, '../../../gateway/bin/chartwitness.cjs');
const DATA = path.resolve(__dirname, '../../conformance/data');

interface Profile {
  channel: string;
  chaincode: string;
  orgs: Record<
    string,
    { mspId: string; endpoint: string; users: Record<string, { cert: string; key: string }> }
  >;
}

jest.setTimeout(60_000);

describe('chartwitness ledger', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'command-'));
  const profileFile = path.join(folder, 'profile.json');
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) {
      child.kill('SIGKILL');
    }
  });

  function start(...args: string[]) {
    const child = spawn(process.execPath, [COMMAND, 'ledger', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    const lines: string[] = [];
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    const ready = new Promise<void>((resolve) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        lines.push(line);
        if (line.startsWith('ready')) {
          resolve();
        }
      });
    });
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    return { child, lines, ready, ended, errors: () => errors };
  }
  const CHAINCODE = [
    '--chaincode',
    path.join(DATA, 'chaincode'),
    '--collections',
    path.join(DATA, 'collections.json'),
  ];
  const POLICY = ['--policy', "AND('Org2MSP.peer', OR('Org1MSP.peer','Org3MSP.peer'))"];

  test('serves the chaincode, writes a profile that a client can use, and leaves nothing behind', async () => {
    const organisations = ['--organisations', 'Org1MSP,Org2MSP,Org3MSP'];
    const run = start(...CHAINCODE, ...POLICY, ...organisations, '--profile', profileFile);
    await Promise.race([run.ready, run.ended]);
    expect(run.errors()).not.toContain('error:');
    const profile = JSON.parse(readFileSync(profileFile, 'utf8')) as Profile;
    expect(profile).toMatchObject({
      channel: 'access',
      chaincode: 'oracle',
      orgs: { '2': { mspId: 'Org2MSP' } },
    });
    const own = profile.orgs['1'];
    const user = own?.users['User1'];
    if (!own || !user) {
      throw new Error('the profile has no User1 of the first organisation');
    }
    const client = new grpc.Client(own.endpoint, grpc.credentials.createInsecure());
    const gateway = connect({
      client,
      identity: { mspId: own.mspId, credentials: readFileSync(user.cert) },
      signer: signers.newPrivateKeySigner(createPrivateKey(readFileSync(user.key))),
    });
    const contract = gateway.getNetwork(profile.channel).getContract(profile.chaincode);
    await contract.submit('put', { arguments: ['k', 'v'], endorsingOrganizations: ['Org1MSP', 'Org2MSP'] });
    expect(Buffer.from(await contract.evaluate('get', { arguments: ['k'] })).toString()).toBe('v');
    gateway.close();
    client.close();
    run.child.kill('SIGTERM');
    expect(await run.ended).toBe(0);
    expect(existsSync(user.key)).toBe(false);
    expect(run.lines[0]).toContain('not independent parties');
  });

  test.each([
    [
      'a missing chaincode',
      ['--chaincode', '/nowhere', ...POLICY, '--organisations', 'A'],
      'no readable package.json',
    ],
    ['a malformed policy', [...CHAINCODE, '--policy', 'AND(', '--organisations', 'A'], 'Policy AND('],
    ['a malformed list', [...CHAINCODE, ...POLICY, '--organisations', 'A,,B'], 'separated by commas'],
    [
      'a malformed port',
      [...CHAINCODE, ...POLICY, '--organisations', 'A', '--port', 'x'],
      'between 0 and 65535',
    ],
  ])('%s ends with a message and a status other than 0', async (_name, args, reason) => {
    const run = start(...args, '--profile', path.join(folder, 'none.json'));
    expect(await run.ended).toBeGreaterThan(0);
    expect(run.errors()).toContain(reason);
    expect(existsSync(path.join(folder, 'none.json'))).toBe(false);
  });
});
