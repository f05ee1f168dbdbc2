// SPDX-License-Identifier: Apache-2.0
import { untilIdle, watchFirstMoments } from './inPage.mjs';

const LATENCY_MS = 40;
const BYTES_PER_SECOND = 10_000_000 / 8;
export const SLOWER = 4;

/**
 * A window of `context` on a slow processor and a slow link; how many bytes other than data it has loaded, and how many of them were headers; and `atRest`, which resolves
 * when nothing is on its way to the page and the page has nothing to do.
 */
export async function openSlowPage(context) {
  const page = await context.newPage();
  const protocol = await context.newCDPSession(page);
  const loaded = { bytes: 0, headers: 0 };
  const underWay = new Map();
  let onQuiet = () => undefined;
  const ended = ({ requestId }) => {
    underWay.delete(requestId);
    if (underWay.size === 0) onQuiet();
  };
  protocol.on('Network.requestWillBeSent', ({ requestId, request }) => underWay.set(requestId, request.url));
  protocol.on('Network.responseReceived', ({ response }) => {
    if (!response.url.includes('/api/')) loaded.headers += response.encodedDataLength;
  });
  protocol.on('Network.loadingFinished', (event) => {
    if (underWay.get(event.requestId)?.includes('/api/') === false) loaded.bytes += event.encodedDataLength;
    ended(event);
  });
  protocol.on('Network.loadingFailed', ended);
  const atRest = async () => {
    do {
      if (underWay.size > 0) {
        await new Promise((resolve) => {
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
export const slowDown = (protocol, rate) => protocol.send('Emulation.setCPUThrottlingRate', { rate });
