// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import express from 'express';
import request from 'supertest';
import { consentPage, errorPage, loginPage } from '../../../../gateway/src/trustee/signIn/signInPages';
import {
  interactionLanguage,
  LANGUAGES,
  requestLanguage,
  wordsIn,
} from '../../../../gateway/src/trustee/signIn/signInWords';

const app = express().get('/', (asked, response) => {
  response.send(requestLanguage(asked));
});

it.each([
  ['zh-CN,zh;q=0.9,en;q=0.8', 'zh-CN'],
  ['zh', 'zh-CN'],
  ['zh-TW', 'zh-CN'],
  ['en-GB,en;q=0.9,zh;q=0.1', 'en'],
  ['fr', 'en'],
  ['de, zh;q=0.4', 'zh-CN'],
])('%s is answered in %s', async (header, language) => {
  await request(app).get('/').set('Accept-Language', header).expect(200, language);
});

it('without a preference the pages are in English', async () => {
  await request(app).get('/').expect(200, 'en');
});

it.each([
  ['zh-CN', 'zh-CN'],
  ['de zh-TW', 'zh-CN'],
  ['en-GB zh', 'en'],
  ['fr', 'en'],
  [['zh'], 'en'],
])('the language that the patient chose goes before the browser’s: %j', async (uiLocales, language) => {
  const chosen = express().get('/', (asked, response) => {
    response.send(interactionLanguage(uiLocales, asked));
  });
  await request(chosen).get('/').set('Accept-Language', 'en').expect(200, language);
});

it('there is every language of the portal', () => {
  const folder = join(__dirname, '../../../../web/src/words/languages');
  const tags = readdirSync(folder).map(
    (file) => /export const tag = '(.+)';/.exec(readFileSync(join(folder, file), 'utf8'))?.[1],
  );
  expect([...LANGUAGES].sort()).toEqual(tags.sort());
});

const HOSTILE = '<script>alert(1)</script>"\'';

describe.each(['en', 'zh-CN'] as const)('in %s', (language) => {
  const pages = {
    login: loginPage({
      language,
      action: '/a',
      cancelAction: '/c',
      path: '/p',
      trustee: HOSTILE,
      appName: HOSTILE,
      username: HOSTILE,
      problem: wordsIn(language).wrong,
      formTargets: [],
    }),
    consent: consentPage({
      language,
      action: '/a',
      path: '/p',
      appName: HOSTILE,
      patientName: HOSTILE,
      asks: [{ text: HOSTILE, isWeighty: true }],
      formTargets: [],
    }),
    error: errorPage(language, { title: HOSTILE, what: HOSTILE, remedy: HOSTILE }),
  };
  it.each(Object.entries(pages))(
    'the %s page says its language and keeps hostile text as text',
    (_name, { html }) => {
      expect(html).toContain(`<html lang="${language}">`);
      expect(html).not.toContain('<script>');
      expect(html).not.toContain('undefined');
    },
  );
});
