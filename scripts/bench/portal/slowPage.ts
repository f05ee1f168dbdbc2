// SPDX-License-Identifier: Apache-2.0
import type { BrowserContext, CDPSession, Page } from 'playwright-core';
import { untilIdle, watchFirstMoments } from './page/inPage';

/** A window on a slow processor and a slow link. */
export interface SlowPage {
  readonly page: Page;
  readonly protocol: CDPSession;
  /** Bytes other than data so far, and how many of them were headers. */
  readonly loaded: { readonly bytes: number; readonly headers: number };
  /** Resolves when nothing is on its way to the page and the page has nothing to do. */
  readonly atRest: () => Promise<void>;
}

const LATENCY_MS = 40;
const BYTES_PER_SECOND = 10_000_000 / 8;
export const SLOWER = 4;

export async function openSlowPage(context: BrowserContext): Promise<SlowPage> {
  const page = await context.newPage();
  const protocol = await context.newCDPSession(page);
  const loaded = { bytes: 0, headers: 0 };
  const underWay = new Map<string, string>();
  let onQuiet = (): void => undefined;
  const ended = ({ requestId }: { readonly requestId: string }): void => {
    underWay.delete(requestId);
    if (underWay.size === 0) {
      onQuiet();
    }
  };
  protocol.on('Network.requestWillBeSent', ({ requestId, request }) => underWay.set(requestId, request.url));
  protocol.on('Network.responseReceived', ({ response }) => {
    if (!response.url.includes('/api/')) {
      loaded.headers += response.encodedDataLength;
    }
  });
  protocol.on('Network.loadingFinished', (event) => {
    if (underWay.get(event.requestId)?.includes('/api/') === false) {
      loaded.bytes += event.encodedDataLength;
    }
    ended(event);
  });
  protocol.on('Network.loadingFailed', ended);
  const atRest = async (): Promise<void> => {
    do {
      if (underWay.size > 0) {
        await new Promise<void>((resolve) => {
          onQuiet = resolve;
        });
      }
      await page.evaluate(untilIdle);
    } while (underWay.size > 0);
  };
  await protocol.send('Network.enable');
  await protocol.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: LATENCY_MS,
    downloadThroughput: BYTES_PER_SECOND,
    uploadThroughput: BYTES_PER_SECOND,
  });
  await slowDown(protocol, SLOWER);
  await page.addInitScript(watchFirstMoments);
  return { page, loaded, protocol, atRest };
}

/** Sets by how many times the processor is slowed down. */
export async function slowDown(protocol: CDPSession, rate: number): Promise<void> {
  await protocol.send('Emulation.setCPUThrottlingRate', { rate });
}
