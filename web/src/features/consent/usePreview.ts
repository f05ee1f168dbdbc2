// SPDX-License-Identifier: Apache-2.0
import type { ConsentPolicy, ConsentPreview } from '@api/schemas';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { previewConsent } from '../../lib/consentApi';
import { consentQuery } from '../../lib/consentQueries';
import { useMe } from '../../lib/queries';

/** How far back a draft is tried. */
export const PREVIEW_DAYS = 90;
const MAX_CALLS = 4;

/**
 * What a draft decides otherwise than the consent on file, tried on the accesses of the last {@link
 * PREVIEW_DAYS} days: the newest, bounded to a few calls. Where the server compared with another version than
 * `version`, the consent is read again: the page then shows a conflict.
 */
export function usePreview(policy: ConsentPolicy, version: number) {
  const { csrfToken } = useMe();
  const queryClient = useQueryClient();
  return useQuery({
    queryKey: ['preview', version, JSON.stringify(policy)],
    queryFn: async () => {
      const preview = await replay(policy, csrfToken ?? '');
      if (preview.version !== version) {
        void queryClient.invalidateQueries({ queryKey: consentQuery.queryKey, exact: true });
      }
      return preview;
    },
    staleTime: 30_000,
    gcTime: 60_000,
  });
}

async function replay(policy: ConsentPolicy, csrfToken: string): Promise<ConsentPreview> {
  const from = new Date(Date.now() - PREVIEW_DAYS * 86_400_000);
  let all = await previewConsent(policy, csrfToken, { from, cursor: null });
  for (let call = 1; call < MAX_CALLS && all.next !== null; call += 1) {
    const older: ConsentPreview = await previewConsent(policy, csrfToken, { from, cursor: all.next });
    all = { ...older, items: [...all.items, ...older.items], considered: all.considered + older.considered };
  }
  return all;
}
