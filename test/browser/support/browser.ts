// SPDX-License-Identifier: Apache-2.0
import { AxeBuilder } from '@axe-core/playwright';
import { existsSync } from 'node:fs';
import {
  chromium,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Locator,
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

/**
 * Starts headless Chromium.
 * @param textPx the size of ordinary text that its user has chosen; 16 is what browsers come with.
 * @throws Error saying how to install it where there is none.
 */
export async function openBrowser(textPx = 16): Promise<Browser> {
  const executablePath = PLACES.find((path) => path !== undefined && existsSync(path));
  if (executablePath === undefined) {
    throw new Error('Chromium is missing: install the system’s package "chromium", or set CHROMIUM_PATH');
  }
  const text = `--blink-settings=defaultFontSize=${String(textPx)}`;
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage', text] });
}

/**
 * A page that remembers what went wrong in it: refused content, faults, requests to elsewhere, personal data
 * in URLs.
 */
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
    if (message.type() === 'error' && !text.startsWith('Failed to load resource')) {
      troubles.push(`console: ${text}`);
    }
  });
  page.on('request', (request) => {
    const url = request.url();
    if (!/^(data|blob):/.test(url) && !url.startsWith(portalUrl)) {
      troubles.push(`request elsewhere: ${url}`);
    }
    // Staff and patients are identified by URNs.
    const { pathname, search } = new URL(url);
    if (/urn:/i.test(decodeURIComponent(pathname + search))) {
      troubles.push(`person in a URL: ${url}`);
    }
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
  if (passes.length < 10) {
    return [`only ${String(passes.length)} rules looked at something`];
  }
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
}

/** Colours of the page as it is now whose contrast is too low, as "rule: element". */
export async function contrastFaults(page: Page): Promise<readonly string[]> {
  const { violations } = await new AxeBuilder({ page }).withRules(['color-contrast']).analyze();
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
}

/** A node of the browser's own accessibility tree: what a screen reader is given. */
export interface AccessibleNode {
  readonly role: string;
  readonly name: string;
  readonly description: string;
}

/** The accessibility tree of the page in reading order, without what is hidden from it. */
export async function accessibleNodes(page: Page): Promise<readonly AccessibleNode[]> {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  await session.detach();
  const text = (value: { readonly value?: unknown } | undefined): string =>
    typeof value?.value === 'string' ? value.value.trim() : '';
  const byId = new Map(nodes.map((node) => [node.nodeId, node] as const));
  const inOrder = (node: (typeof nodes)[number]): typeof nodes => [
    node,
    ...(node.childIds ?? []).flatMap((id) => {
      const child = byId.get(id);
      return child === undefined ? [] : inOrder(child);
    }),
  ];
  return nodes
    .slice(0, 1)
    .flatMap(inOrder)
    .filter(({ ignored }) => !ignored)
    .map(({ role, name, description }) => ({
      role: text(role),
      name: text(name),
      description: text(description),
    }));
}

const NEEDS_NAME = new Set([
  'button',
  'link',
  'checkbox',
  'radio',
  'combobox',
  'textbox',
  'searchbox',
  'Date',
  'dialog',
  'heading',
  'DisclosureTriangle',
  'navigation',
  'option',
  'table',
]);

/** Controls, headings and landmarks that a screen reader cannot name, by role. */
export async function namelessControls(page: Page): Promise<readonly string[]> {
  const nodes = await accessibleNodes(page);
  // An empty first choice says by being empty that nothing is chosen.
  const nameless = nodes.filter(({ role, name }) => NEEDS_NAME.has(role) && name === '' && role !== 'option');
  return nodes.length < 10 ? [`only ${String(nodes.length)} nodes`] : nameless.map(({ role }) => role);
}

/** What has the focus, in a few words; `body` when nothing has. */
export async function focused(page: Page): Promise<string> {
  return await page.evaluate<string>(
    "((e) => e === document.body ? 'body' : [e.localName, e.getAttribute('aria-label') ?? e.textContent.trim()].join(' ').slice(0, 80))(document.activeElement)",
  );
}

/**
 * Waits until an expression holds in the page. The browser's own waiting needs `eval`, which the page's
 * policy refuses.
 */
export async function until(page: Page, expression: string): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!(await page.evaluate<boolean>(`Boolean(${expression})`))) {
    if (Date.now() > deadline) {
      throw new Error(`never true: ${expression}`);
    }
    await page.waitForTimeout(50);
  }
}

/** Whether this very element has the focus. */
export async function hasFocus(target: Locator): Promise<boolean> {
  return await target.evaluate(
    (element: { readonly ownerDocument: { readonly activeElement: unknown } }) =>
      element === element.ownerDocument.activeElement,
  );
}

/** Presses Tab until `target` has the focus. @throws Error with what was passed when it is not reached. */
export async function tabTo(page: Page, target: Locator, key = 'Tab'): Promise<void> {
  const passed: string[] = [];
  for (let press = 0; press < 90; press += 1) {
    if (await hasFocus(target)) {
      return;
    }
    await page.keyboard.press(key);
    passed.push(await focused(page));
  }
  throw new Error(`not reached by ${key}; passed ${passed.join(' | ')}`);
}

/** Presses Tab `times` times and names what had the focus while no part of it could be seen (WCAG 2.4.11). */
export async function hiddenFocus(page: Page, times: number): Promise<readonly string[]> {
  const hidden: string[] = [];
  for (let press = 0; press < times; press += 1) {
    await page.keyboard.press('Tab');
    if (!(await page.evaluate<boolean>(SEES_FOCUS))) {
      hidden.push(await focused(page));
    }
  }
  return hidden;
}

// Some of the points of the focused element are its own, or its label's, on the screen.
const SEES_FOCUS = `(() => {
  const e = document.activeElement;
  if (e === document.body) return true;
  const shown = e.labels?.[0] ?? e;
  const boxes = [...e.getClientRects(), ...shown.getClientRects()];
  return boxes.some((box) => [0.1, 0.5, 0.9].some((x) => [0.2, 0.5, 0.8].some((y) => {
    const found = document.elementFromPoint(box.left + box.width * x, box.top + box.height * y);
    return found !== null && (e.contains(found) || shown.contains(found) || found.contains(e) && found.localName === 'label');
  })));
})()`;

/** Whether something reaches beyond the right edge of the window. */
export async function isWiderThanScreen(page: Page): Promise<boolean> {
  return (await beyondScreen(page)).length > 0;
}

/**
 * What makes the page wider than the window: the elements that reach beyond its edge, innermost ones only.
 */
export async function beyondScreen(page: Page): Promise<readonly string[]> {
  return await page.evaluate<readonly string[]>(`(() => {
    const { clientWidth, scrollWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const over = [...document.body.querySelectorAll('*')].filter((e) => e.getBoundingClientRect().right > clientWidth + 1);
    const scrolls = (e) => e !== null && (getComputedStyle(e).overflowX === 'auto' || scrolls(e.parentElement));
    const inner = over.filter((e) => !scrolls(e) && !over.some((other) => other !== e && e.contains(other)));
    return ['page', ...inner.map((e) => e.localName + '.' + e.className)];
  })()`);
}
