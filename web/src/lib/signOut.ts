// SPDX-License-Identifier: Apache-2.0
import type { QueryClient } from '@tanstack/react-query';
import { commandApi } from './apiClient';
import { ApiError } from './apiError';
import { forgetEverything } from './queries';
import { tellOtherTabs } from './sessionState';

/**
 * Ends the session here, at the server and in the browser's other tabs, and leaves no trace of it in memory.
 * @throws ApiError when the server did not end it: then nothing is changed here either.
 */
export async function signOut(queryClient: QueryClient, csrfToken: string): Promise<void> {
  try {
    await commandApi('/auth/logout', csrfToken);
  } catch (error) {
    // A session that is over already needs no ending.
    if (!(error instanceof ApiError) || !error.isSignedOut) {
      throw error;
    }
  }
  tellOtherTabs('signedOut');
  forgetEverything(queryClient);
  window.location.assign('/');
}
