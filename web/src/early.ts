// SPDX-License-Identifier: Apache-2.0
/*
 * The first script of the page: asks for everything that the first page needs besides code, while the code is
 * still being downloaded and compiled. It stays tiny, because nothing begins before it is there.
 */
import { beginEarly } from './lib/earlyRequests';
import { firstReads } from './lib/firstReads';
import { mayBeSignedIn } from './lib/sessionHint';
import { preferredLanguage, readersVariant, storedLanguage } from './words/languages';
import { wordParts } from './words/wordParts';

if (mayBeSignedIn()) {
  beginEarly(firstReads(window.location));
}
const { tag } = preferredLanguage(navigator.languages, storedLanguage());
// A failure is met, and shown, by the page itself, which asks for the same.
wordParts(tag)
  .first()
  .catch(() => undefined);
/*
 * The first format of a language reads its data, which takes a slow processor 50 ms: here, while the code is
 * on its way, instead of in the middle of drawing the page. In a task of its own, so that the requests above
 * are on their way.
 */
setTimeout(() => {
  new Intl.DateTimeFormat(readersVariant(tag, navigator.languages), { hour: '2-digit' }).format();
});
