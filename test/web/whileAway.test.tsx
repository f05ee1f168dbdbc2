/**
 * @jest-environment ./test/web/support/browserEnvironment.cjs
 */
// SPDX-License-Identifier: Apache-2.0
import { act, screen, waitFor } from '@testing-library/react';
import { useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { TrustLine } from '../../web/src/components/TrustLine';
import { OrganisationField } from '../../web/src/features/consent/exception/OrganisationField';
import { PersonField } from '../../web/src/features/consent/exception/PersonField';
import { Summary } from '../../web/src/features/timeline/Summary';
import { formOf } from '../../web/src/lib/policy/ruleForm';
import { meQuery } from '../../web/src/lib/queries';
import { meAnswer } from './support/answers';
import { fakeApi } from './support/fakeApi';
import { renderPage } from './support/renderPage';

const asked = { form: formOf(undefined), change: () => undefined, errors: {} };
const NOBODY = { 'GET /api/v1/accesses': { body: { items: [], next: null } } };

it('who has asked is no empty list while it cannot be read, and can be asked for again', async () => {
  fakeApi({});
  renderPage(<PersonField {...asked} />);
  expect(screen.queryByRole('combobox')).toBeNull();
  await screen.findByText(/The server cannot be reached/, {}, { timeout: 4_000 });
  expect(screen.queryByRole('combobox')).toBeNull();
  fakeApi(NOBODY);
  act(() => {
    screen.getByRole('button', { name: 'Try again' }).click();
  });
  await screen.findByText('Nobody has asked for your data yet, so there is nobody to choose.');
});

it.each([
  ['en', 'The names of the organisations cannot be read now.'],
  ['zh-CN', '暂时无法读取各机构的名称。'],
] as const)('organisations that are not known are no empty list (%s)', (language, text) => {
  const { container } = renderPage(<OrganisationField {...asked} />, {
    language,
    me: meAnswer({ organisations: [] }),
  });
  expect(container.textContent).toContain(text);
  expect(screen.queryByRole('combobox')).toBeNull();
});

it.each([
  ['en', 'The requests cannot be counted now.'],
  ['zh-CN', '暂时无法统计请求次数。'],
] as const)('a headline that cannot be made says so (%s)', (language, text) => {
  const { container } = renderPage(<Summary overview={undefined} isUnread />, { language });
  expect(container.textContent).toBe(text);
});

function Asked(): ReactNode {
  const client = useQueryClient();
  return (
    <>
      <TrustLine />
      <button type="button" onClick={() => void client.refetchQueries({ queryKey: meQuery.queryKey })}>
        ask
      </button>
    </>
  );
}

it('a list that nobody could ask about since has no sign of being sound', async () => {
  fakeApi({});
  const list = { block: 41, height: 42, state: 'live', checkedAt: new Date().toISOString() } as const;
  const { container } = renderPage(<Asked />, { me: meAnswer({ list }) });
  expect(container.querySelector('.trust-live')).not.toBeNull();
  act(() => {
    screen.getByRole('button', { name: 'ask' }).click();
  });
  await waitFor(
    () => {
      expect(container.querySelector('.trust-unchecked')?.textContent).toContain('Complete up to');
    },
    { timeout: 4_000 },
  );
});
