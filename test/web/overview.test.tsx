/**
 * @jest-environment ./test/web/support/browserEnvironment.cjs
 */
// SPDX-License-Identifier: Apache-2.0
import { useQueryClient } from '@tanstack/react-query';
import { act, screen, waitFor } from '@testing-library/react';
import type { ReactNode } from 'react';
import { Summary } from '../../web/src/features/timeline/Summary';
import { useOverview } from '../../web/src/features/timeline/useOverview';
import { meQuery, useMe } from '../../web/src/lib/queries';
import { meAnswer } from './support/answers';
import { fakeList, type FakeList } from './support/fakeList';
import { renderPage } from './support/renderPage';

let counted = 0;

/** The headline, following the position that the list has. */
function Headline(): ReactNode {
  const { list } = useMe();
  const { overview, isUnread } = useOverview(true, list.block ?? 0);
  const client = useQueryClient();
  counted = overview?.entries.length ?? 0;
  return (
    <>
      <Summary overview={overview} isUnread={isUnread} />
      <button type="button" onClick={() => void client.invalidateQueries({ queryKey: meQuery.queryKey })}>
        ask
      </button>
    </>
  );
}

async function open(count: number): Promise<FakeList> {
  const list = fakeList(count, new Date());
  const block = count;
  renderPage(<Headline />, {
    me: meAnswer({ list: { block, height: block + 1, state: 'live', checkedAt: null } }),
  });
  await waitFor(() => {
    expect(counted).toBe(Math.min(count, list.entries.length));
  });
  return list;
}

function ask(): void {
  act(() => {
    screen.getByRole('button').click();
  });
}

it('counts a new emergency as soon as the list’s position includes it, and reads only what is new', async () => {
  const list = await open(600);
  expect(screen.queryByText(/emergenc/i)?.textContent).toBe(
    'No emergencies, and everything asked for was released.',
  );
  const before = list.requests.length;
  list.add({ at: new Date().toISOString(), purpose: 'BTG', emergency: { reason: 'Unconscious' } });
  ask();
  expect((await screen.findByRole('link')).textContent).toBe('1 emergency');
  expect(counted).toBe(601);
  const read = list.requests.slice(before).filter(({ path }) => path.includes('accesses'));
  expect(read).toHaveLength(1);
});

it('shows an entry as it was read last: one that was corrected changes the count', async () => {
  const list = await open(30);
  const refused = list.add({ at: new Date().toISOString(), outcome: 'deny' });
  ask();
  expect((await screen.findByRole('link')).textContent).toBe('1 request was given nothing');
  list.entries[0] = { ...refused, outcome: 'permit', late: true };
  list.add({ at: new Date().toISOString() });
  ask();
  expect(await screen.findByText('No emergencies, and everything asked for was released.')).toBeTruthy();
  expect(counted).toBe(32);
});

it('keeps what it has while the service is away, and goes on from there', async () => {
  const list = await open(30);
  const answering = globalThis.fetch;
  list.add({ at: new Date().toISOString(), outcome: 'deny' });
  globalThis.fetch = (input, init) =>
    typeof input === 'string' && input.includes('/me')
      ? answering(input, init)
      : Promise.reject(new TypeError('the connection is gone'));
  ask();
  await act(() => Promise.resolve());
  expect(counted).toBe(30);
  globalThis.fetch = answering;
  list.add({ at: new Date().toISOString() });
  ask();
  await waitFor(() => {
    expect(counted).toBe(32);
  });
});
