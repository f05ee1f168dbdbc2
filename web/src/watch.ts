// SPDX-License-Identifier: Apache-2.0
/*
 * A script of its own that needs no other, the first to be asked for: it is there when the others are not.
 */
import { watchStart } from './lib/startWatch';

const [visit] = performance.getEntriesByType('navigation');
watchStart({
  page: document,
  ask: () =>
    fetch('/', { cache: 'no-store', credentials: 'omit' }).then(
      ({ ok }) => ok,
      () => false,
    ),
  reload: () => {
    window.location.reload();
  },
  isReloaded: visit instanceof PerformanceNavigationTiming && visit.type === 'reload',
});
