// SPDX-License-Identifier: Apache-2.0
import { AxeBuilder } from '@axe-core/playwright';
import { existsSync } from 'node:fs';
import {
  chromium,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
} from 'playwright-core';
import type { DemoFilePatient } from '../../../gateway/src/demo/demoFile';

export const PHONE = { width: 390, height: 844 } as const;
export const DESKTOP = { width: 1280, height: 900 } as const;

const PLACES = [
  process.env['CHROMIUM_PATH'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

/** Starts headless Chromium. @throws Error saying how to install it where there is none. */
export async function openBrowser(): Promise<Browser> {
  const executablePath = PLACES.find((path) => path !== undefined && existsSync(path));
  if (executablePath === undefined) {
    throw new Error('Chromium is missing: install the system’s package "chromium", or set CHROMIUM_PATH');
  }
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

/** A page that remembers what went wrong in it: refused content, faults, requests to elsewhere, personal data in URLs. */
export interface WatchedPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What must not have happened, in words; empty when all was well. */
  readonly troubles: readonly string[];
}

/** Opens an English page at desktop size in the time zone UTC, unless told otherwise. */
export async function openPage(
  browser: Browser,
  portalUrl: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({
    viewport: DESKTOP,
    locale: 'en-GB',
    timezoneId: 'UTC',
    baseURL: portalUrl,
    ...options,
  });
  return watchPage(await context.newPage(), portalUrl);
}

/** Watches a page of a context that is open already: another tab. */
export function watchPage(page: Page, portalUrl: string): WatchedPage {
  const troubles: string[] = [];
  page.on('pageerror', (error) => troubles.push(`fault: ${error.message}`));
  page.on('console', (message) => {
    const text = message.text();
    // The browser reports every answer with an error status; those are asked for.
    if (message.type() === 'error' && !text.startsWith('Failed to load resource'))
      troubles.push(`console: ${text}`);
  });
  page.on('request', (request) => {
    const url = request.url();
    if (!/^(data|blob):/.test(url) && !url.startsWith(portalUrl)) troubles.push(`request elsewhere: ${url}`);
  });
  return { page, context: page.context(), troubles };
}

export async function signIn(page: Page, patient: DemoFilePatient, returnTo = '/'): Promise<void> {
  await page.goto(`/auth/login?returnTo=${encodeURIComponent(returnTo)}`);
  // By their names: the form speaks the browser's language.
  await page.locator('input[name="username"]').fill(patient.username);
  await page.locator('input[name="password"]').fill(patient.password);
  await page.locator('input[name="password"]').press('Enter');
  await page.waitForURL(
    (url) =>
      !url.pathname.startsWith('/auth') &&
      !url.pathname.startsWith('/oidc') &&
      !url.pathname.includes('interaction'),
  );
}

/** Accessibility faults of the page as it is now (WCAG 2.2 A and AA), as "rule: element". */
export async function accessibilityFaults(page: Page): Promise<readonly string[]> {
  const { violations, passes } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
    .analyze();
  if (passes.length < 10) return [`only ${String(passes.length)} rules looked at something`];
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
}

/** Whether something reaches beyond the right edge of the window. */
export async function isWiderThanScreen(page: Page): Promise<boolean> {
  return await page.evaluate<boolean>(
    'document.documentElement.scrollWidth > document.documentElement.clientWidth',
  );
}
