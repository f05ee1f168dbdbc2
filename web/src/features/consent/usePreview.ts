// SPDX-License-Identifier: Apache-2.0
import type { ConsentPolicy, ConsentPreview } from '@api/schemas';
import { useQuery } from '@tanstack/react-query';
import { previewConsent } from '../../lib/api';
import { useMe } from '../../lib/queries';

const DAYS = 90;
const MAX_CALLS = 4;

/** How recent accesses would have ended under a draft: those of the last 90 days, bounded to a few calls. */
export function usePreview(policy: ConsentPolicy | undefined) {
  const { csrfToken } = useMe();
  return useQuery({
    queryKey: ['preview', JSON.stringify(policy)],
    queryFn: () => replay(policy ?? { rules: [], default: 'deny' }, csrfToken ?? ''),
    enabled: policy !== undefined,
    staleTime: 30_000,
    gcTime: 60_000,
  });
}

async function replay(policy: ConsentPolicy, csrfToken: string): Promise<ConsentPreview> {
  const enough = Date.now() - DAYS * 86_400_000;
  let all = await previewConsent(policy, csrfToken, null);
  for (
    let call = 1;
    call < MAX_CALLS && all.next !== null && Date.parse(all.since ?? '') > enough;
    call += 1
  ) {
    const older: ConsentPreview = await previewConsent(policy, csrfToken, all.next);
    all = { ...older, items: [...all.items, ...older.items], considered: all.considered + older.considered };
  }
  return all;
}
