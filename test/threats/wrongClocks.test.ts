// SPDX-License-Identifier: Apache-2.0
import { ClientClocks } from '../../gateway/src/auth/clientClocks';
import { clockHealth } from '../../gateway/src/compose/clockHealth';
import { assertion, createHospital, type Hospital, requestToken } from '../gateway/hospital/hospitalFixture';

/**
 * Those who run clients can make their clocks say anything. That must not take a hospital's gateway out of
 * service.
 */

const CLIENTS = ['north-ehr', 'north-b', 'north-c', 'north-d', 'north-e'];
const AGREED = { finding: () => undefined };

let clocks: ClientClocks;
let hospital: Hospital;
beforeEach(async () => {
  clocks = new ClientClocks({ clock: Date.now });
  hospital = await createHospital({ clocks });
  const north = hospital.registry.clients.get('north-ehr');
  if (north === undefined) {
    throw new Error('the fixture has a client');
  }
  for (const clientId of CLIENTS) {
    hospital.registry.clients.set(clientId, { ...north, clientId });
  }
});

async function asks(clientId: string, aheadSeconds: number): Promise<number> {
  const now = Math.floor(Date.now() / 1000) + aheadSeconds;
  const claims = { iss: clientId, sub: clientId, iat: now, exp: now + 60 };
  const signed = await assertion(hospital.key, {}, { claims });
  return (await requestToken(hospital.app, { assertion: signed })).status;
}

test.each([180, -180])(
  'one client whose clock is %i s off, however often it asks, says nothing',
  async (off) => {
    for (let count = 0; count < 20; count += 1) {
      expect(await asks('north-ehr', off)).toBe(401);
    }
    expect(clockHealth(AGREED, clocks)).toEqual({ ready: true });
  },
);

test.each([180, -180])(
  'all clients that are %i s off: the operator is told, and the gateway serves',
  async (off) => {
    for (const clientId of CLIENTS) {
      expect(await asks(clientId, off)).toBe(401);
    }
    expect(clockHealth(AGREED, clocks)).toEqual({
      ready: true,
      detail: expect.stringMatching(/compare it with a time server/) as string,
    });
    expect(Math.abs((clocks.aheadSeconds() ?? NaN) - off)).toBeLessThan(60);
    // One that is right among them is enough.
    expect(await asks('north-c', 0)).toBe(200);
    expect(clockHealth(AGREED, clocks)).toEqual({ ready: true });
  },
);

test('who does not sign with a registered key says nothing', async () => {
  for (const clientId of ['a', 'b', 'c', 'd']) {
    expect(await asks(clientId, 180)).toBe(401);
  }
  expect([clocks.suspicion(), clocks.aheadSeconds()]).toEqual([undefined, undefined]);
});

test('peers that refuse this time are certain: not ready, whatever clients say', async () => {
  expect(await asks('north-ehr', 0)).toBe(200);
  const said = { reason: 'CLOCK_WRONG: as the peers say', remedy: 'set it' };
  expect(clockHealth({ finding: () => ({ isCertain: true, ...said }) }, clocks)).toEqual({
    ready: false,
    ...said,
  });
});
