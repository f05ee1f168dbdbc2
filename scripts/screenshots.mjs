// SPDX-License-Identifier: Apache-2.0
/*
 * npm run screenshots Starts the demonstration in a temporary folder, signs in as a patient and takes the
 * pictures of the portal in web/pictures. Needs Chromium (CHROMIUM_PATH, or the system's package) and a
 * build.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = fileURLToPath(new URL('..', import.meta.url));
const pictures = join(root, 'web/pictures');
const PATIENT = 'liz';
const START_MS = 60_000;

const executablePath = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path !== undefined && existsSync(path));
if (executablePath === undefined) {
  process.stderr.write(
    'Chromium is missing: install the system’s package "chromium", or set CHROMIUM_PATH.\n',
  );
  process.exit(1);
}

/** Name, viewport, theme, language, and what to show. */
const SHOTS = [
  { name: 'list-desktop', width: 1280, height: 860, theme: 'light', locale: 'en-GB', show: showList },
  { name: 'entry-phone', width: 390, height: 844, theme: 'dark', locale: 'en-GB', show: showEmergency },
  {
    name: 'consent-desktop',
    width: 1280,
    height: 860,
    theme: 'dark',
    locale: 'en-GB',
    show: showEditor,
  },
  { name: 'list-phone-zh', width: 390, height: 844, theme: 'light', locale: 'zh-CN', show: showList },
];

async function showList(page) {
  await page.locator('.highlights').waitFor();
  // Folded where there is no room for it.
  if ((await page.locator('.fold[open]').count()) > 0) {
    await page.locator('.bars').waitFor();
  }
}

async function showEmergency(page) {
  await page
    .locator('.visit', { has: page.locator('.badge-emergency') })
    .first()
    .getByRole('link')
    .click();
  await page.locator('.why-sentence').first().waitFor();
}

async function showEditor(page) {
  await page.goto('/consent/edit');
  await page.locator('.preset').first().waitFor();
}

async function startDemo(folder) {
  const child = spawn(
    process.execPath,
    [join(root, 'gateway/bin/chartwitness.cjs'), 'demo', '--data-dir', folder, '--port', '0'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let output = '';
  await new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`the demonstration was not ready in time:\n${output}`)),
      START_MS,
    );
    child.once('exit', (code) => reject(new Error(`the demonstration ended with ${code}:\n${output}`)));
    child.stdout.on('data', (chunk) => {
      output += chunk;
      if (!output.includes('Ctrl-C stops it')) {
        return;
      }
      clearTimeout(timer);
      resolve();
    });
  });
  return child;
}

async function signIn(page, { username, password }) {
  await page.goto('/auth/login?returnTo=/');
  await page.locator('input[name="username"]').fill(username);
  await page.locator('input[name="password"]').fill(password);
  await page.locator('input[name="password"]').press('Enter');
  await page.locator('.visit').first().waitFor();
}

async function takePictures(browser, demo) {
  const patient = demo.patients.find(({ username }) => username === PATIENT);
  for (const { name, width, height, theme, locale, show } of SHOTS) {
    const context = await browser.newContext({
      viewport: { width, height },
      colorScheme: theme,
      locale,
      timezoneId: 'Europe/Zurich',
      reducedMotion: 'reduce',
      baseURL: demo.portalUrl,
    });
    const page = await context.newPage();
    await signIn(page, patient);
    await show(page);
    await page.evaluate(() => globalThis.document.fonts.ready.then(() => undefined));
    await page.screenshot({ path: join(pictures, `${name}.png`), animations: 'disabled', caret: 'hide' });
    process.stdout.write(`web/pictures/${name}.png\n`);
    await context.close();
  }
}

const folder = mkdtempSync(join(tmpdir(), 'chartwitness-pictures-'));
mkdirSync(pictures, { recursive: true });
const child = await startDemo(folder);
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
try {
  await takePictures(browser, JSON.parse(readFileSync(join(folder, 'demo.json'), 'utf8')));
} finally {
  await browser.close();
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
  rmSync(folder, { recursive: true, force: true });
}
