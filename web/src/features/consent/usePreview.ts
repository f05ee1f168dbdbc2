// SPDX-License-Identifier: Apache-2.0
import type { ConsentPolicy, ConsentPreview } from '@api/schemas';
import { useQuery } from '@tanstack/react-query';
import { previewConsent } from '../../lib/consentApi';
import { useMe } from '../../lib/queries';

/** How far back a draft is tried. */
export const PREVIEW_DAYS = 90;
const MAX_CALLS = 4;

/** How the accesses of the last {@link PREVIEW_DAYS} days would have ended under a draft: the newest, bounded to a few calls. */
export function usePreview(policy: ConsentPolicy) {
  const { csrfToken } = useMe();
  return useQuery({
    queryKey: ['preview', JSON.stringify(policy)],
    queryFn: () => replay(policy, csrfToken ?? ''),
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
