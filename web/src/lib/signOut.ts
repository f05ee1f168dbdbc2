// SPDX-License-Identifier: Apache-2.0
import type { QueryClient } from '@tanstack/react-query';
import { commandApi } from './apiClient';
import { forgetEverything } from './queries';
import { tellOtherTabs } from './sessionState';

/** Ends the session here, at the server and in the browser's other tabs, and leaves nothing of it in memory. */
export async function signOut(queryClient: QueryClient, csrfToken: string): Promise<void> {
  await commandApi('/auth/logout', csrfToken);
  tellOtherTabs('signedOut');
  forgetEverything(queryClient);
  window.location.assign('/');
}
