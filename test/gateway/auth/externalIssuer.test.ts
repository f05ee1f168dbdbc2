// SPDX-License-Identifier: Apache-2.0
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import request from 'supertest';
import {
  accessToken,
  type ClientKey,
  createHospital,
  type Hospital,
  makeKey,
  outcomeCode,
  patientId,
} from '../hospital/hospitalFixture';

let server: Server;
let key: ClientKey;
let answers: boolean;
let hospital: Hospital;
let issuer: string;

beforeEach(async () => {
  key = await makeKey('RS256', 'ext-1');
  answers = true;
  server = createServer((_request, response) => {
    response
      .writeHead(answers ? 200 : 500, { 'content-type': 'application/json' })
      .end(JSON.stringify({ keys: [key.publicJwk] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  hospital = await createHospital({ tokens: { kind: 'external', issuer, jwksUrl: `${issuer}/jwks` } });
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const call = (token: string): request.Test =>
  request(hospital.app)
    .get(`/fhir/Patient/${patientId(hospital, 'Conn')}`)
    .set('authorization', `Bearer ${token}`);

test('tokens of the configured issuer are taken, others are not', async () => {
  expect((await call(await accessToken(key.privateJwk, 'RS256', { claims: { iss: issuer } }))).status).toBe(
    200,
  );
  const stranger = await makeKey('RS256', 'ext-1');
  expect(
    outcomeCode(await call(await accessToken(stranger.privateJwk, 'RS256', { claims: { iss: issuer } }))),
  ).toBe('INVALID_TOKEN');
  expect(outcomeCode(await call(await accessToken(key.privateJwk, 'RS256')))).toBe('INVALID_TOKEN');
  expect(hospital.recorder.requests).toHaveLength(1);
});

test('discovery points to it and the embedded endpoint is not there', async () => {
  const smart = await request(hospital.app).get('/fhir/.well-known/smart-configuration');
  expect(smart.body).toMatchObject({ token_endpoint: `${issuer}/token` });
  expect((await request(hospital.app).post('/oauth/token')).status).toBe(404);
});

test('while its keys cannot be fetched the answer is 503, not a judgement of the token', async () => {
  answers = false;
  const token = await accessToken(key.privateJwk, 'RS256', { claims: { iss: issuer } });
  const failing = await call(token);
  expect([failing.status, outcomeCode(failing)]).toEqual([503, 'ISSUER_UNAVAILABLE']);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  const gone = await call(token);
  expect([gone.status, outcomeCode(gone)]).toEqual([503, 'ISSUER_UNAVAILABLE']);
  expect(hospital.recorder.requests).toEqual([]);
});
