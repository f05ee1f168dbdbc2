/**
 * @jest-environment ./test/web/support/browserEnvironment.cjs
 */
// SPDX-License-Identifier: Apache-2.0
import type { Me } from '@api/schemas';
import { TrustExplanation } from '../../web/src/components/TrustExplanation';
import { meAnswer } from './support/answers';
import { renderPage } from './support/renderPage';

const explained = (ledger: Me['ledger'], language: 'en' | 'zh-CN' = 'en'): string =>
  renderPage(<TrustExplanation block={7} />, { me: meAnswer({ ledger }), language }).container.textContent;

it('says of a shared ledger that the organisations keep it, and of one party’s that nobody else does', () => {
  expect(explained('shared')).toMatch(/^The organisations in the network keep the same ledger\./);
  expect(explained('shared')).not.toContain('in one place');
  const single = explained('single');
  expect(single).toMatch(/^This installation keeps its ledger in one place/);
  expect(single).toContain('no other organisation keeps a copy');
  expect(single).not.toMatch(/keep the same ledger|both confirm/);
  expect(single).toContain('“Position 7” means');
});

it('says it in Chinese', () => {
  expect(explained('shared', 'zh-CN')).toContain('各机构保存同一份账本');
  expect(explained('single', 'zh-CN')).toContain('没有其他机构保存副本');
});
