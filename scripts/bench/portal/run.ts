// SPDX-License-Identifier: Apache-2.0
/**
 * Measures the portal in headless Chromium against the running product with a list of many entries, and
 * prints a table:
 *   npm run bench -- --portal [--entries 12000] [--rounds 9]
 * Needs Chromium (CHROMIUM_PATH, or the system's package). ../README.md has what each line means and the last
 * results.
 */
import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { quantile } from '../statistics';
import {
  firstList,
  fixedWork,
  longestTask,
  mainThreadFree,
  pressAnswered,
  readOnTo,
  scrolledTo,
  showNextPage,
  toTop,
  untilIdle,
  watchLongTasks,
} from './page/inPage';
import { type PortalOptions, readPortalOptions } from './options';
import { findBrowser, type PortalProduct, signIn, startProduct } from './product';
import { openSlowPage, slowDown, SLOWER } from './slowPage';

const ROWS = 10_000;
const NEXT_PAGES = 20;
/**
 * Stands in the page when the accesses of the last weeks have been counted: the last thing that it loads by
 * itself.
 */
const COUNTED = '.highlights';
const WHEEL = 3_000;
const PHONE = { width: 390, height: 844 };
/** A page that does not come to an end by then will not. */
const STUCK_MS = 120_000;

/** Milliseconds, and bytes of the first visit. */
interface VisitFigures {
  readonly list: number[];
  readonly free: number[];
  readonly answered: number[];
  readonly bytes: number[];
  readonly headers: number[];
}
type Open = () => Promise<BrowserContext>;

/** @param args the command line */
export async function benchPortal(args: readonly string[]): Promise<void> {
  let options: PortalOptions;
  let executablePath: string;
  try {
    options = readPortalOptions(args);
    executablePath = findBrowser();
  } catch (error) {
    process.stderr.write(`bench --portal: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
    return;
  }
  const product = await startProduct(options.entries);
  try {
    const browser = await chromium.launch({
      executablePath,
      args: ['--no-sandbox', '--disable-dev-shm-usage'],
    });
    try {
      await measure(browser, product, options);
    } finally {
      await browser.close();
    }
  } finally {
    await product.stop();
  }
}

async function measure(
  browser: Browser,
  product: PortalProduct,
  { entries, rounds }: PortalOptions,
): Promise<void> {
  const [cpu] = cpus();
  say(
    `Node ${process.version}, Chromium ${browser.version()}, ${String(cpus().length)} × ${cpu?.model.trim() ?? 'unknown processor'}, ` +
      `load of the machine before: ${loadNow()}; ${String(entries)} entries, ${String(rounds)} rounds`,
  );
  const cookies = await signIn(browser, product);
  const open: Open = () =>
    browser.newContext({
      baseURL: product.portalUrl,
      viewport: PHONE,
      locale: 'en-GB',
      storageState: cookies,
    });
  const slowness = await measureSlowness(await open());
  say(`processor slowed down ${slowness.toFixed(1)} times, 10 Mbit/s, 40 ms\n`);
  await measureVisits(open, rounds);
  await measureNextPages(await open());
  await measureScrolling(await open());
  say(`\nload of the machine after: ${loadNow()}`);
}

async function measureSlowness(context: BrowserContext): Promise<number> {
  const { page, protocol } = await openSlowPage(context);
  await page.goto('/');
  const median = async (rate: number): Promise<number> => {
    await slowDown(protocol, rate);
    const times: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      times.push(await inPage(page, fixedWork));
    }
    return quantile(times, 0.5);
  };
  const result = (await median(SLOWER)) / (await median(1));
  await context.close();
  return result;
}

/** Each round opens the portal in a browser that has never seen it, and then again in the same browser. */
async function measureVisits(open: Open, rounds: number): Promise<void> {
  const first = noFigures();
  const later = noFigures();
  for (let round = 0; round < rounds; round += 1) {
    for (const visit of [lookAtList, pressAtOnce]) {
      const context = await open();
      await visit(context, first);
      await visit(context, later);
      await context.close();
    }
  }
  atMost(
    'first visit: all but data, as sent',
    Math.max(...first.bytes) / 1000,
    'kB',
    firstPageBytes() / 1000,
  );
  say(`  and ${(Math.max(...first.headers) / 1000).toFixed(0)} kB of headers`);
  for (const [name, { list, free, answered }] of Object.entries({ first, later })) {
    timesAtMost(`${name} visit: list on the screen`, list, 1_000);
    timesAtMost(`${name} visit: main thread free after it`, free, 1_000);
    timesAtMost(`${name} visit: a press, made when the list appears, is answered`, answered, 1_000);
  }
}

/** What the portal's build allows its first page: one number for both. */
function firstPageBytes(): number {
  const text = readFileSync(require.resolve('@chartwitness/web/package.json'), 'utf8');
  return (JSON.parse(text) as { readonly config: { readonly firstPageBytes: number } }).config.firstPageBytes;
}

const noFigures = (): VisitFigures => ({ list: [], free: [], answered: [], bytes: [], headers: [] });

async function lookAtList(context: BrowserContext, figures: VisitFigures): Promise<void> {
  const { page, loaded, atRest } = await openSlowPage(context);
  await page.goto('/', { waitUntil: 'commit' });
  const { listShown } = await inPage(page, firstList);
  figures.list.push(listShown);
  figures.free.push(await inPage(page, mainThreadFree));
  await page.locator(COUNTED).waitFor();
  await atRest();
  figures.bytes.push(loaded.bytes - loaded.headers);
  figures.headers.push(loaded.headers);
  await page.close();
}

async function pressAtOnce(context: BrowserContext, figures: VisitFigures): Promise<void> {
  const { page } = await openSlowPage(context);
  await page.goto('/', { waitUntil: 'commit' });
  const { x, y, windowHeight } = await inPage(page, firstList);
  if (y > windowHeight) {
    throw new Error('the button for more filters is not on the first screen');
  }
  await page.mouse.click(x, y);
  figures.answered.push(await inPage(page, pressAnswered));
  await page.close();
}

/**
 * Next pages, each asked for when the page is at rest, as by somebody who reads; then one right after
 * another.
 */
async function measureNextPages(context: BrowserContext): Promise<void> {
  const { page, atRest } = await openSlowPage(context);
  await page.goto('/');
  await page.locator(COUNTED).waitFor();
  const reading: number[] = [];
  for (let at = 0; at < NEXT_PAGES; at += 1) {
    await atRest();
    reading.push(await inPage(page, showNextPage));
  }
  timesAtMost('next page, asked for by somebody who reads', reading, 200);
  const atOnce: number[] = [];
  for (let at = 0; at < NEXT_PAGES; at += 1) {
    atOnce.push(await inPage(page, showNextPage));
  }
  timesAtMost('next page, asked for right after another', atOnce, 200);
  await context.close();
}

/** Without slowing down: what must hold for 10,000 rows is that no task is long. */
async function measureScrolling(context: BrowserContext): Promise<void> {
  const page = await context.newPage();
  await page.goto('/');
  await page.locator(COUNTED).waitFor();
  await inPage(page, watchLongTasks);
  const rows = await inPage(page, readOnTo, ROWS);
  atMost(
    `reading on to ${String(rows)} rows: longest task over 50 ms`,
    await inPage(page, longestTask),
    'ms',
    50,
  );
  await inPage(page, watchLongTasks);
  const height = await inPage(page, toTop);
  await page.mouse.move(PHONE.width / 2, PHONE.height / 2);
  for (let at = 0; at < height - WHEEL; at += WHEEL) {
    await page.mouse.wheel(0, WHEEL);
  }
  await inPage(page, untilIdle);
  const reached = await inPage(page, scrolledTo);
  if (reached < height / 2) {
    throw new Error(`only ${String(reached)} of ${String(height)} pixels were scrolled`);
  }
  atMost(
    `scrolling ${String(rows)} rows: longest task over 50 ms`,
    await inPage(page, longestTask),
    'ms',
    50,
  );
  await context.close();
}

/** Calls a function in the page. @throws Error when it does not come to an end */
async function inPage<R>(page: Page, call: () => R | Promise<R>): Promise<R>;
async function inPage<R>(
  page: Page,
  call: (argument: number) => R | Promise<R>,
  argument: number,
): Promise<R>;
async function inPage<R>(page: Page, call: (argument: number) => R | Promise<R>, argument = 0): Promise<R> {
  let timer: NodeJS.Timeout | undefined;
  const stuck = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`${call.name} did not end in the page`));
    }, STUCK_MS);
  });
  try {
    return await Promise.race([page.evaluate(call, argument), stuck]);
  } finally {
    clearTimeout(timer);
  }
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const loadNow = (): string => loadavg()[0]?.toFixed(1) ?? '?';

function timesAtMost(what: string, times: readonly number[], goal: number): void {
  atMost(`${what}, p50`, quantile(times, 0.5), 'ms', goal);
  atMost(`${what}, worst`, Math.max(...times), 'ms', goal);
}

function atMost(what: string, value: number, unit: string, goal: number): void {
  const verdict = value <= goal ? 'met' : 'MISSED';
  say(
    `${what.padEnd(74)} ${value.toFixed(0).padStart(7)} ${unit.padEnd(3)} ≤ ${String(goal).padEnd(6)} ${verdict}`,
  );
}
