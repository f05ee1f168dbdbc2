// SPDX-License-Identifier: Apache-2.0
/* One gateway before a FHIR server by URL, on another process's peer; tells its memory. run.ts starts it. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { JWK } from 'jose';
import { createHttpUpstream } from '../../../gateway/dist/fhir/sources/httpUpstream';
import { runMain } from '../../load/runMain';
import { answerQuestions, argument } from '../answerQuestions';
import type { Child, Ready } from '../child';
import { startGateway } from '../gateways';
import { connectPeer, type PeerAddress, registerClient } from '../network';
import { MemoryPeak } from '../processorTime';

export interface SlowGatewayArgument {
  readonly peer: PeerAddress;
  readonly sourceUrl: string;
  readonly clients: readonly string[];
  readonly publicJwk: JWK;
}
export interface SlowGatewayReady extends Ready {
  readonly baseUrl: string;
}
export type SlowGateway = Child<ReturnType<typeof questionsFor>, SlowGatewayReady>;

function questionsFor(peak: MemoryPeak) {
  return {
    memory: () => ({ nowMib: process.memoryUsage.rss() / 1024 / 1024, peakMib: peak.mib }),
  };
}

if (require.main === module) {
  runMain(async () => {
    const { peer, sourceUrl, clients, publicJwk } = argument() as SlowGatewayArgument;
    const dataDir = mkdtempSync(path.join(tmpdir(), 'chartwitness-bench-'));
    const ledger = await connectPeer(peer);
    for (const clientId of clients) {
      await registerClient(ledger, clientId, publicJwk);
    }
    const upstream = createHttpUpstream({ baseUrl: sourceUrl, labels: 'everywhere' });
    const { baseUrl } = await startGateway({ ledger, dataDir, name: 'slow', upstream, patients: [] });
    const ready: SlowGatewayReady = { dataDir, baseUrl };
    answerQuestions(questionsFor(new MemoryPeak()), ready);
    return 0;
  });
}
