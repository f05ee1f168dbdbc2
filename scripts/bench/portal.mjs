// SPDX-License-Identifier: Apache-2.0
/*
 * Measures the portal in headless Chromium against the running product with a list of many entries, and prints a table:
 *   node scripts/bench/portal.mjs [--entries 12000] [--rounds 5]
 * The first page and the next pages run on a processor slowed down four times and a link of 10 Mbit/s and 40 ms, set through the
 * browser's protocol. Needs `npm run build` and Chromium (CHROMIUM_PATH, or the system's package).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { quantile } from './statistics.mjs';

const { values } = parseArgs({
  options: { entries: { type: 'string', default: '12000' }, rounds: { type: 'string', default: '5' } },
});
const rounds = Number(values.rounds);
const PATIENT = 'chet';
const ROWS = 10_000;
const NEXT_PAGES = 10;

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

function report(what, value, unit, goal) {
  const verdict = value <= goal ? 'met' : 'MISSED';
  process.stdout.write(
    `${what.padEnd(66)} ${value.toFixed(value < 100 ? 1 : 0).padStart(9)} ${unit.padEnd(5)} ≤ ${String(goal).padEnd(7)} ${verdict}\n`,
  );
}

async function startProduct(folder) {
  const script = fileURLToPath(new URL('manyEntries.cjs', import.meta.url));
  const child = spawn(process.execPath, [script, folder, '0', PATIENT, values.entries], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the product ended with ${code}`)));
    child.stdout.on('data', (chunk) => String(chunk).includes('ready') && resolve());
  });
  return child;
}

async function signedIn(browser, demo) {
  const { username, password } = demo.patients.find((patient) => patient.username === PATIENT);
  const context = await browser.newContext({
    viewport: { width: 390, height: 844 },
    baseURL: demo.portalUrl,
  });
  const page = await context.newPage();
  await page.goto('/auth/login?returnTo=/');
  await page.getByLabel('User name').fill(username);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('.visit').first().waitFor();
  await page.close();
  return context;
}

/** A new page with an empty cache under the slow conditions, and a record of what it loads. */
async function slowPage(context) {
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send('Network.enable');
  await cdp.send('Network.setCacheDisabled', { cacheDisabled: true });
  await cdp.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: 40,
    downloadThroughput: 10_000_000 / 8,
    uploadThroughput: 10_000_000 / 8,
  });
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: 4 });
  const loaded = { bytes: 0 };
  const urls = new Map();
  cdp.on('Network.responseReceived', ({ requestId, response }) => urls.set(requestId, response.url));
  cdp.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    if (!urls.get(requestId)?.includes('/api/')) loaded.bytes += encodedDataLength;
  });
  // The browser's own clock says when the first line is there, and when the main thread is free after it.
  await page.addInitScript(() => {
    new globalThis.MutationObserver((_changes, observer) => {
      if (globalThis.document.querySelector('.visit') === null) return;
      observer.disconnect();
      globalThis.requestAnimationFrame(() => {
        globalThis.firstList = performance.now();
        globalThis.requestIdleCallback(() => {
          globalThis.inputReady = performance.now();
        });
      });
    }).observe(globalThis.document, { childList: true, subtree: true });
  });
  return { page, loaded };
}

async function measureFirstPage(context) {
  const lists = [];
  const ready = [];
  const bytes = [];
  for (let round = 0; round < rounds; round += 1) {
    const { page, loaded } = await slowPage(context);
    await page.goto('/', { waitUntil: 'commit' });
    await page.waitForFunction(() => globalThis.inputReady !== undefined);
    await page.locator('.bars').waitFor();
    await page.waitForLoadState('networkidle');
    lists.push(await page.evaluate(() => globalThis.firstList));
    ready.push(await page.evaluate(() => globalThis.inputReady));
    bytes.push(loaded.bytes);
    await page.close();
  }
  report(
    'first page: everything but data, as transferred with headers',
    Math.max(...bytes) / 1000,
    'kB',
    120,
  );
  report(
    'first page: list on the screen, p50 (4 × slower, 10 Mbit/s, 40 ms)',
    quantile(lists, 0.5),
    'ms',
    1000,
  );
  report('first page: ready for input, p50', quantile(ready, 0.5), 'ms', 1000);
}

const rowCount = (page) =>
  page.evaluate(() =>
    Number.parseInt(globalThis.document.querySelector('.results-count').textContent.replaceAll(',', ''), 10),
  );

async function measureNextPages(context) {
  const { page } = await slowPage(context);
  await page.goto('/');
  await page.locator('.bars').waitFor();
  await page.waitForLoadState('networkidle');
  const times = [];
  for (let round = 0; round < NEXT_PAGES; round += 1) {
    times.push(
      await page.evaluate(async () => {
        const count = () => globalThis.document.querySelectorAll('.visit').length;
        const before = count();
        const from = performance.now();
        globalThis.document.querySelector('.older button').click();
        while (count() === before) await new Promise((resolve) => globalThis.requestAnimationFrame(resolve));
        return performance.now() - from;
      }),
    );
  }
  report('next page of 50, p50 (same conditions)', quantile(times, 0.5), 'ms', 200);
  await page.close();
}

async function measureScrolling(context) {
  const page = await context.newPage();
  await page.goto('/');
  await page.locator('.visit').first().waitFor();
  while ((await rowCount(page)) < ROWS) {
    const before = await rowCount(page);
    await page.evaluate(() => globalThis.document.querySelector('.older button').click());
    await page.waitForFunction(
      (least) =>
        Number.parseInt(
          globalThis.document.querySelector('.results-count').textContent.replaceAll(',', ''),
          10,
        ) > least,
      before,
    );
  }
  await page.evaluate(() => {
    globalThis.longTasks = [];
    new globalThis.PerformanceObserver((list) =>
      globalThis.longTasks.push(...list.getEntries().map(({ duration }) => duration)),
    ).observe({ type: 'longtask' });
    globalThis.scrollTo(0, 0);
  });
  const height = await page.evaluate(() => globalThis.document.documentElement.scrollHeight);
  await page.mouse.move(190, 400);
  for (let at = 0; at < height - 3000; at += 3000) await page.mouse.wheel(0, 3000);
  await page.waitForTimeout(500);
  const tasks = await page.evaluate(() => globalThis.longTasks);
  report(`scrolling ${ROWS} rows from end to end: longest task`, Math.max(0, ...tasks), 'ms', 50);
  await page.close();
}

const folder = mkdtempSync(join(tmpdir(), 'chartwitness-bench-portal-'));
process.stdout.write(`load average before: ${loadavg()[0].toFixed(1)}; ${values.entries} entries\n`);
const product = await startProduct(folder);
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
try {
  const context = await signedIn(browser, JSON.parse(readFileSync(join(folder, 'demo.json'), 'utf8')));
  await measureFirstPage(context);
  await measureNextPages(context);
  await measureScrolling(context);
} finally {
  await browser.close();
  const gone = once(product, 'exit');
  product.kill('SIGTERM');
  await gone;
  rmSync(folder, { recursive: true, force: true });
  process.stdout.write(`load average after: ${loadavg()[0].toFixed(1)}\n`);
}
