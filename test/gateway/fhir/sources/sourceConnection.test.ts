// SPDX-License-Identifier: Apache-2.0
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { AppError } from '../../../../gateway/src/errors';
import { createHttpUpstream } from '../../../../gateway/src/fhir/sources/httpUpstream';
import type { BearerToken, SourceTls } from '../../../../gateway/src/fhir/sources/sourceConnection';
import { NoRoom, type Upstream } from '../../../../gateway/src/fhir/sources/upstream';
import { createTlsAuthority, type TlsAuthority, type TlsIdentity } from '../../../support/tlsCertificates';
import { type FakeFhirServer, patient, startFakeFhirServer } from '../fakeFhirServer';

const signal = new AbortController().signal;
const BODY = JSON.stringify(patient('a', '111'));

async function failureOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no error',
    (error: unknown) => (error as AppError).message,
  );
}

describe('TLS', () => {
  let authority: TlsAuthority;
  let client: TlsIdentity;
  let server: Server;
  let baseUrl: string;
  beforeAll(async () => {
    authority = await createTlsAuthority('hospital');
    client = await authority.issue('gateway');
    const own = await authority.issue('ehr');
    server = createServer(
      {
        key: own.key,
        cert: own.certificate,
        ca: authority.certificate,
        requestCert: true,
        rejectUnauthorized: false,
      },
      (request, response) => {
        const { authorized } = request.socket as unknown as { readonly authorized: boolean };
        response.statusCode = authorized ? 200 : 403;
        response.end(BODY);
      },
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    baseUrl = `https://127.0.0.1:${String((server.address() as AddressInfo).port)}/fhir`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const read = (tls: SourceTls): Promise<unknown> =>
    createHttpUpstream({ baseUrl, labels: 'everywhere', tls }).read('Patient', 'a', signal);

  test('the configured authority and the client certificate are used', async () => {
    const mutual = { clientCertificate: client.certificate, clientKey: client.key };
    expect(await read({ ca: authority.certificate, ...mutual })).toMatchObject({ id: 'a' });
  });

  test('twins: another authority, none, and no client certificate', async () => {
    const other = await createTlsAuthority('other');
    const theirs = await other.issue('gateway');
    expect(await failureOf(read({ ca: other.certificate }))).toMatch(/UPSTREAM_FAILED.*CERT|SIGNATURE/);
    expect(await failureOf(read({}))).toMatch(/UPSTREAM_FAILED/);
    expect(await failureOf(read({ ca: authority.certificate }))).toMatch(/answered 403/);
    const foreign = { clientCertificate: theirs.certificate, clientKey: theirs.key };
    expect(await failureOf(read({ ca: authority.certificate, ...foreign }))).toMatch(/answered 403/);
  });
});

describe('the token', () => {
  let source: FakeFhirServer;
  let accepted: string;
  beforeEach(async () => {
    source = await startFakeFhirServer();
    accepted = 'old';
    source.answers['Patient/a'] = (response, request) => {
      response.writeHead(request.headers.authorization === `Bearer ${accepted}` ? 200 : 401).end(BODY);
    };
  });
  afterEach(() => source.close());

  const open = (bearerToken: BearerToken): Upstream =>
    createHttpUpstream({ baseUrl: source.baseUrl, labels: 'everywhere', bearerToken });

  test('is asked for before each request', async () => {
    let token = 'old';
    const upstream = open({ current: () => token, reread: () => 'never' });
    expect(await upstream.read('Patient', 'a', signal)).toMatchObject({ id: 'a' });
    accepted = token = 'new';
    expect(await upstream.read('Patient', 'a', signal)).toMatchObject({ id: 'a' });
    expect(source.requests).toHaveLength(2);
  });

  test('is read again when the source refuses it, and the request is made once more', async () => {
    accepted = 'new';
    const upstream = open({ current: () => 'old', reread: () => 'new' });
    expect(await upstream.read('Patient', 'a', signal)).toMatchObject({ id: 'a' });
    expect(source.headers.map(({ authorization }) => authorization)).toEqual(['Bearer old', 'Bearer new']);
  });

  test('twin: the same token again, or another refused one, is not tried on and on', async () => {
    accepted = 'nobody knows';
    expect(
      await failureOf(open({ current: () => 'old', reread: () => 'old' }).read('Patient', 'a', signal)),
    ).toMatch(/answered 401/);
    expect(source.requests).toHaveLength(1);
    expect(
      await failureOf(open({ current: () => 'old', reread: () => 'older' }).read('Patient', 'a', signal)),
    ).toMatch(/answered 401/);
    expect(source.requests).toHaveLength(3);
  });
});

test('a connection that the source closed while it was kept is replaced', async () => {
  let requests = 0;
  const server: HttpServer = createHttpServer((request, response) => {
    requests += 1;
    if (requests === 2) {
      // As a server does whose patience with idle connections ends just now.
      request.socket.destroy();
      return;
    }
    response.end(BODY);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const upstream = createHttpUpstream({ baseUrl, labels: 'everywhere' });
  expect(await upstream.read('Patient', 'a', signal)).toMatchObject({ id: 'a' });
  expect(await upstream.read('Patient', 'a', signal)).toMatchObject({ id: 'a' });
  expect(requests).toBe(3);
  server.closeAllConnections();
  server.close();
});

test('an answer for which there is no room is not read on, and says so by its own error', async () => {
  const source = await startFakeFhirServer();
  source.answers['Patient/a'] = patient('a', '111', { photo: [{ data: 'A'.repeat(4_000_000) }] });
  const upstream = createHttpUpstream({ baseUrl: source.baseUrl, labels: 'everywhere' });
  let most = 0;
  const reserve = (bytes: number): void => {
    if (bytes > 1_000_000) {
      throw new NoRoom();
    }
    most = bytes;
  };
  await expect(upstream.within({ reserve }).read('Patient', 'a', signal)).rejects.toBeInstanceOf(NoRoom);
  expect(most).toBeGreaterThan(0);
  expect(await upstream.read('Patient', 'a', signal)).toMatchObject({ id: 'a' });
  await source.close();
});

test('the deadline of the caller ends a request', async () => {
  const source = await startFakeFhirServer();
  source.answers['Patient/a'] = () => undefined;
  const upstream = createHttpUpstream({ baseUrl: source.baseUrl, labels: 'everywhere' });
  const failure = await failureOf(upstream.read('Patient', 'a', AbortSignal.timeout(20)));
  expect(failure).toMatch(/^UPSTREAM_FAILED/);
  await source.close();
});
