// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, BrowserContext } from 'playwright-core';
import type { DemoFile, DemoFilePatient } from '../../../gateway/dist/demo/demoFile';

/** A browser's cookies, from which any number of fresh windows start. */
export type Cookies = Awaited<ReturnType<BrowserContext['storageState']>>;

/** The running product with many accesses in one patient's list. */
export interface PortalProduct {
  readonly portalUrl: string;
  readonly account: DemoFilePatient;
  /** Ends it and deletes all of it. */
  stop(): Promise<void>;
}

const PATIENT = 'chet';
const SCRIPT = path.join(__dirname, '..', 'manyEntries');
const BROWSERS = [
  process.env['CHROMIUM_PATH'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

/** @throws Error saying how to install a browser where there is none */
export function findBrowser(): string {
  const found = BROWSERS.find((candidate) => candidate !== undefined && existsSync(candidate));
  if (found === undefined) {
    throw new Error('Chromium is missing: install the system’s package "chromium", or set CHROMIUM_PATH');
  }
  return found;
}

export async function startProduct(entries: number): Promise<PortalProduct> {
  const folder = mkdtempSync(path.join(tmpdir(), 'chartwitness-bench-portal-'));
  const child = spawn(process.execPath, [SCRIPT, folder, '0', PATIENT, String(entries)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await new Promise<void>((resolve, reject) => {
      child.once('exit', (code) => {
        reject(new Error(`the product ended with ${String(code)}`));
      });
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        if (text.includes('ready')) {
          resolve();
        }
      });
    });
    const demo = JSON.parse(readFileSync(path.join(folder, 'demo.json'), 'utf8')) as DemoFile;
    const account = demo.patients.find(({ username }) => username === PATIENT);
    if (account === undefined) {
      throw new Error(`the demonstration has no patient ${PATIENT}`);
    }
    return { portalUrl: demo.portalUrl, account, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Signs the patient in. */
export async function signIn(browser: Browser, { portalUrl, account }: PortalProduct): Promise<Cookies> {
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
