// SPDX-License-Identifier: Apache-2.0
import type { ComponentType } from 'react';
import { whenIdle } from '../lib/idle';
import { latePart } from '../lib/latePart';
import { needAllWords } from '../words/loadWords';

const loaders: (() => Promise<unknown>)[] = [];

const LATEST_MS = 200;

/**
 * Loads the other pages ahead, each when nothing else is to be done: they then open at once, and also while
 * the server is away.
 */
export async function loadAhead(): Promise<void> {
  for (const load of loaders) {
    await new Promise<void>((resolve) => {
      whenIdle(() => {
        resolve();
      }, LATEST_MS);
    });
    await load();
  }
}

/**
 * Only the list is part of the first download: the other pages, their styles and their words come when they
 * are opened.
 */
function lazyPage<Name extends string, Props extends object>(
  load: () => Promise<Record<Name, ComponentType<Props>>>,
  name: Name,
) {
  const loadPage = async () => {
    const [module] = await Promise.all([
      load(),
      needAllWords(),
      import('../styles/pages.css'),
      import('../styles/print.css'),
    ]);
    return module[name];
  };
  loaders.push(loadPage);
  return latePart(loadPage);
}

export const SignInPage = lazyPage(() => import('../features/session/SignInPage'), 'SignInPage');
export const SignedInPage = lazyPage(() => import('../features/session/SignedInPage'), 'SignedInPage');
export const SessionEndedPage = lazyPage(
  () => import('../features/session/SessionEndedPage'),
  'SessionEndedPage',
);
export const SignOutDialog = lazyPage(() => import('../features/session/SignOutDialog'), 'SignOutDialog');
export const PrintFacts = lazyPage(() => import('../components/PrintFacts'), 'PrintFacts');
export const NotFound = lazyPage(() => import('../components/NotFound'), 'NotFound');
export const EntryPage = lazyPage(() => import('../features/entry/EntryPage'), 'EntryPage');
export const ConsentPage = lazyPage(() => import('../features/consent/ConsentPage'), 'ConsentPage');
export const EditPage = lazyPage(() => import('../features/consent/EditPage'), 'EditPage');
export const ReviewPage = lazyPage(() => import('../features/consent/ReviewPage'), 'ReviewPage');
export const HistoryPage = lazyPage(() => import('../features/consent/HistoryPage'), 'HistoryPage');
export const VersionPage = lazyPage(() => import('../features/consent/VersionPage'), 'VersionPage');
export const KeepPage = lazyPage(() => import('../features/keep/KeepPage'), 'KeepPage');
export const PrintPage = lazyPage(() => import('../features/keep/PrintPage'), 'PrintPage');

loaders.push(
  () => import('../features/timeline/Nothing'),
  () => import('../features/timeline/FoldedEntries'),
  () => import('../features/timeline/FilterFields'),
  () => import('../features/timeline/ActiveFilters'),
  () => import('../components/TrustExplanation'),
);
