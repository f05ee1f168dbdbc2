// SPDX-License-Identifier: Apache-2.0
import express from 'express';
import request from 'supertest';
import { admittedPrincipal, fhirAdmission } from '../../../gateway/src/auth/fhirAdmission';
import type { Authenticator, Principal } from '../../../gateway/src/auth/principal';
import { AppError } from '../../../gateway/src/errors';
import type { Admission } from '../../../gateway/src/http/admission';
import { problemHandler } from '../../../gateway/src/http/problem';
import { requestContext } from '../../../gateway/src/http/requestContext';
import { pino } from 'pino';

/** An app whose route says who asks; authentications are counted. */
function createApp() {
  const asked: (string | undefined)[] = [];
  /** Every token is refused once so many were authenticated. */
  const refuse = { after: Infinity };
  const authenticator: Authenticator = {
    authenticate: (authorization) => {
      asked.push(authorization);
      return authorization?.startsWith('Bearer good-') === true && asked.length <= refuse.after
        ? Promise.resolve({
            requester: { clientId: authorization },
            purpose: 'TREAT',
          } as unknown as Principal)
        : Promise.reject(
            new AppError(authorization === undefined ? 'UNAUTHENTICATED' : 'INVALID_TOKEN', 'no'),
          );
    },
  };
  const admission = {
    open: (_request, _response, next) => {
      next();
    },
    authenticate: (_request, authenticate) => authenticate(),
  } as Pick<Admission, 'open' | 'authenticate'> as Admission;
  const app = express();
  app.use(requestContext(pino({ level: 'silent' })));
  app.use(fhirAdmission(admission, authenticator));
  app.all('/', express.text(), async (asking, response) => {
    response.send((await admittedPrincipal(asking, authenticator)).requester.clientId);
  });
  app.use(problemHandler());
  return { app, asked, refuse };
}

test('who was admitted is authenticated once, and each request for itself', async () => {
  const { app, asked } = createApp();
  const first = await request(app).get('/').set('Authorization', 'Bearer good-1');
  const second = await request(app).get('/').set('Authorization', 'Bearer good-2');
  expect([first.text, second.text]).toEqual(['Bearer good-1', 'Bearer good-2']);
  expect(asked).toEqual(['Bearer good-1', 'Bearer good-2']);
});

test('a request with a body is authenticated again when the body is there', async () => {
  const { app, asked, refuse } = createApp();
  await request(app).post('/').set('Authorization', 'Bearer good-1').type('text/plain').send('a').expect(200);
  expect(asked).toEqual(['Bearer good-1', 'Bearer good-1']);
  refuse.after = 1;
  asked.length = 0;
  const late = await request(app)
    .post('/')
    .set('Authorization', 'Bearer good-1')
    .type('text/plain')
    .send('a');
  expect([late.status, (late.body as { code: string }).code]).toEqual([401, 'INVALID_TOKEN']);
});

test.each([
  ['a refused token', 'Bearer bad', 'INVALID_TOKEN'],
  ['no token', undefined, 'UNAUTHENTICATED'],
])('%s does not pass, also after somebody who did', async (_, authorization, code) => {
  const { app } = createApp();
  await request(app).get('/').set('Authorization', 'Bearer good-1').expect(200);
  const asking = request(app).get('/');
  const answer = await (authorization === undefined ? asking : asking.set('Authorization', authorization));
  expect([answer.status, (answer.body as { code: string }).code]).toEqual([401, code]);
});
