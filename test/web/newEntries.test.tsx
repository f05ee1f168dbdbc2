/**
 * @jest-environment ./test/web/support/browserEnvironment.cjs
 */
// SPDX-License-Identifier: Apache-2.0
import { useQueryClient } from '@tanstack/react-query';
import { act, screen, waitFor } from '@testing-library/react';
import type { ReactNode } from 'react';
import type { AccessFilter } from '../../web/src/lib/accessFilter';
import { meQuery } from '../../web/src/lib/queries';
import { useAccessPages } from '../../web/src/features/timeline/useAccessPages';
import { useNewEntries } from '../../web/src/features/timeline/useNewEntries';
import { fakeList, type FakeList } from './support/fakeList';
import { renderPage } from './support/renderPage';

const NOW = new Date('2026-05-06T12:00:00.000Z');
let shown: readonly string[] = [];

/** The list's hooks with nothing drawn but what they say; `ask` is what the portal does in turns. */
function List({ filter }: { readonly filter: AccessFilter }): ReactNode {
  const pages = useAccessPages(filter);
  const { count, isMany, emergencies, show } = useNewEntries(filter, pages);
  const client = useQueryClient();
  shown = pages.entries.map(({ id }) => id);
  return (
    <>
      <p>{pages.list.isFetching || pages.list.isPending ? 'reading' : `${String(shown.length)} shown`}</p>
      <p>{`${String(count)} new${isMany ? ' and more' : ''}, ${String(emergencies)} emergencies`}</p>
      <button type="button" onClick={() => void pages.list.fetchNextPage()}>
        older
      </button>
      <button type="button" onClick={show}>
        show
      </button>
      <button type="button" onClick={() => void client.invalidateQueries({ queryKey: meQuery.queryKey })}>
        ask
      </button>
    </>
  );
}

async function press(name: string): Promise<void> {
  await act(async () => {
    screen.getByRole('button', { name }).click();
    await Promise.resolve();
  });
}

async function ask(list: FakeList): Promise<void> {
  const before = list.requests.length;
  await press('ask');
  await waitFor(() => {
    expect(list.requests.slice(before).map(({ path }) => path.split('?')[0])).toContain('/api/v1/accesses');
  });
  // The answer has been taken in.
  await act(() => Promise.resolve());
}

async function loadAll(list: FakeList): Promise<void> {
  for (let loaded = 20; loaded < list.entries.length; loaded += 50) {
    await press('older');
    await screen.findByText(`${String(Math.min(loaded + 50, list.entries.length))} shown`);
  }
}

const idsOf = (list: FakeList): readonly string[] => list.entries.map(({ id }) => id);

async function open(count: number, filter: AccessFilter = {}): Promise<FakeList> {
  const list = fakeList(count, NOW);
  renderPage(<List filter={filter} />);
  await screen.findByText(`${String(Math.min(count, 20))} shown`);
  return list;
}

describe.each([[60], [10_000]])('a list of %i entries, of which the first page is loaded', (count) => {
  it('has no news as long as nobody has asked for anything', async () => {
    const list = await open(count);
    await ask(list);
    expect(await screen.findByText('0 new, 0 emergencies')).toBeTruthy();
    await press('show');
    expect(shown.slice(0, 20)).toEqual(idsOf(list).slice(0, 20));
    expect(new Set(shown).size).toBe(shown.length);
  });

  it('offers what came after the newest loaded entry, puts it on top and doubles nothing', async () => {
    const list = await open(count);
    list.add();
    list.add({ purpose: 'BTG', emergency: { reason: 'Unconscious' } });
    await ask(list);
    expect(await screen.findByText('2 new, 1 emergencies')).toBeTruthy();
    expect(shown).toHaveLength(20);
    await press('show');
    await screen.findByText('0 new, 0 emergencies');
    expect(shown.slice(0, 22)).toEqual(idsOf(list).slice(0, 22));
    await press('older');
    await waitFor(() => {
      expect(shown.length).toBeGreaterThanOrEqual(62);
    });
    expect(shown).toEqual(idsOf(list).slice(0, shown.length));
  });

  it('begins anew when more came than were counted, and says when an emergency lies beyond them', async () => {
    const list = await open(count);
    list.add({ purpose: 'ETREAT', emergency: { reason: 'Unconscious' } });
    for (let more = 0; more < 70; more += 1) {
      list.add();
    }
    await ask(list);
    expect(await screen.findByText('50 new and more, 1 emergencies')).toBeTruthy();
    await press('show');
    await waitFor(() => {
      expect(shown).toEqual(idsOf(list).slice(0, 20));
    });
  });
});

it('tells nothing new from an emergency that is older than what is loaded', async () => {
  const list = fakeList(5, NOW);
  list.add({ purpose: 'BTG', emergency: { reason: 'Unconscious' } });
  for (let more = 0; more < 60; more += 1) {
    list.add();
  }
  renderPage(<List filter={{}} />);
  await screen.findByText('20 shown');
  for (let more = 0; more < 55; more += 1) {
    list.add();
  }
  await ask(list);
  expect(await screen.findByText('50 new and more, 0 emergencies')).toBeTruthy();
});

it('is not misled by a newest entry that is there no more', async () => {
  const list = await open(60);
  list.dropNewest();
  list.add({ id: 'in its place' });
  await ask(list);
  expect(await screen.findByText('1 new, 0 emergencies')).toBeTruthy();
});

it('stays whole and in order over ten thousand entries read to the end', async () => {
  const list = await open(10_000);
  await loadAll(list);
  list.add();
  await ask(list);
  await screen.findByText('1 new, 0 emergencies');
  await press('show');
  await screen.findByText('10001 shown');
  expect(shown).toEqual(idsOf(list));
}, 60_000);

it('counts the new ones that fit what is searched for', async () => {
  const list = fakeList(60, NOW);
  renderPage(<List filter={{ q: 'example' }} />);
  await screen.findByText('60 shown');
  list.add({ requester: { ...list.add().requester, person: { id: 'x', name: 'Somebody Else', role: '' } } });
  await ask(list);
  expect(await screen.findByText('1 new, 0 emergencies')).toBeTruthy();
});
