// SPDX-License-Identifier: Apache-2.0
import { type Ready, startChild } from '../child';
import type { HistoryArgument, HistoryQuestions } from '../history';
import type { FabricOptions } from './ground';
import { redactedUri } from './redactedUri';
import type { Report } from './report';

/**
 * Pages of patients' histories on the MongoDB server that MONGODB_URI names, in a database of the benchmark's
 * own that is emptied afterwards.
 */
export async function measureMongoHistory(report: Report, options: FabricOptions): Promise<void> {
  const uri = process.env['MONGODB_URI'];
  if (uri === undefined || uri === '') {
    report.say(
      'History on MongoDB: not run. It needs MONGODB_URI: the connection string of a MongoDB server (7 or later) that may be filled with ' +
        `${options.events.toLocaleString('en-US')} events (about 1.5 KB each) in a database of its own, which is emptied afterwards; for instance ` +
        'MONGODB_URI=mongodb://127.0.0.1:27017/bench npm run bench -- --fabric --only history',
    );
    return;
  }
  report.say(`History on MongoDB at ${redactedUri(uri)}`);
  const history = await startChild<HistoryQuestions, Ready>('history', {
    mongodbUri: uri,
  } satisfies HistoryArgument);
  try {
    const fill = await history.ask('fill', { events: options.events });
    report.plain(
      `MongoDB: events stored, up to ${options.events.toLocaleString('en-US')}`,
      fill.perSecond,
      '/s',
    );
    const pages = await history.ask('pages', { count: options.pages });
    report.atMost("MongoDB: newest 50 of a patient's history, p50", pages.newest, 'ms', 10);
    report.atMost('MongoDB: 50 from the middle, p50', pages.older, 'ms', 10);
    report.plain('MongoDB: 50 from the middle by type and purpose, p50', pages.filtered, 'ms');
  } finally {
    await history.ask('empty');
    await history.stop();
  }
}
