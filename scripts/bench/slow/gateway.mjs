// SPDX-License-Identifier: Apache-2.0
/* One gateway before a FHIR server by URL, on another process's peer; tells its memory. run.mjs starts it. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answerQuestions } from '../answerQuestions.mjs';
import { dist } from '../dist.mjs';
import { startGateway } from '../gateways.mjs';
import { connectPeer } from '../network.mjs';

const { createHttpUpstream } = dist('fhir/httpUpstream.js');
const { peer, sourceUrl, clients, publicJwk } = JSON.parse(process.argv[2] ?? '{}');
const dataDir = mkdtempSync(join(tmpdir(), 'chartwitness-bench-'));
const MIB = 1024 * 1024;

const ledger = await connectPeer(peer);
for (const clientId of clients) {
  await ledger.putClient({ clientId, name: clientId, jwks: { keys: [publicJwk] }, scope: 'system/*.rs' });
}
const upstream = createHttpUpstream({ baseUrl: sourceUrl, labels: 'everywhere' });
const { baseUrl } = await startGateway({
  ledger,
  dataDir,
  name: 'slow',
  upstream: Object.assign(upstream, { patients: () => [] }),
});

let peakRss = process.memoryUsage.rss();
setInterval(() => {
  peakRss = Math.max(peakRss, process.memoryUsage.rss());
}, 50).unref();

answerQuestions(
  {
    memory: () => ({ nowMib: process.memoryUsage.rss() / MIB, peakMib: peakRss / MIB }),
  },
  { dataDir, baseUrl },
);
