// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PATIENT = 'chet';
const SCRIPT = fileURLToPath(new URL('../manyEntries.cjs', import.meta.url));
const BROWSERS = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

/** @throws {Error} saying how to install a browser where there is none */
export function findBrowser() {
  const path = BROWSERS.find((candidate) => candidate !== undefined && existsSync(candidate));
  if (path === undefined) {
    throw new Error('Chromium is missing: install the system’s package "chromium", or set CHROMIUM_PATH');
  }
  return path;
}

/** The running product with `entries` accesses in one patient's list, that patient's account, and `stop`, which deletes it all. */
export async function startProduct(entries) {
  const folder = mkdtempSync(join(tmpdir(), 'chartwitness-bench-portal-'));
  const child = spawn(process.execPath, [SCRIPT, folder, '0', PATIENT, String(entries)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await new Promise((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`the product ended with ${String(code)}`)));
      child.stdout.on('data', (chunk) => {
        if (String(chunk).includes('ready')) resolve();
      });
    });
    const demo = JSON.parse(readFileSync(join(folder, 'demo.json'), 'utf8'));
    const account = demo.patients.find(({ username }) => username === PATIENT);
    return { portalUrl: demo.portalUrl, account, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Signs the patient in; answers with the browser's cookies, from which any number of fresh windows start. */
export async function signIn(browser, { portalUrl, account }) {
  const context = await browser.newContext({ baseURL: portalUrl, locale: 'en-GB' });
  const page = await context.newPage();
  await page.goto('/auth/login?returnTo=/');
  await page.locator('input[name="username"]').fill(account.username);
  await page.locator('input[name="password"]').fill(account.password);
  await page.locator('input[name="password"]').press('Enter');
  await page.locator('.visit').first().waitFor();
  const state = await context.storageState();
  await context.close();
  return state;
}
