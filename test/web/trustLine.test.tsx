/**
 * @jest-environment ./test/web/support/browserEnvironment.cjs
 */
// SPDX-License-Identifier: Apache-2.0
import type { ListPosition } from '@api/schemas';
import { TrustLine } from '../../web/src/components/TrustLine';
import { meAnswer } from './support/answers';
import { renderPage } from './support/renderPage';

const AT = new Date(2026, 4, 6, 10, 0).toISOString();
const TODAY = new Date();
TODAY.setHours(10, 0);
const position = (part: Partial<ListPosition>): ListPosition => ({
  block: 41,
  height: 42,
  state: 'live',
  checkedAt: AT,
  ...part,
});

describe('the line that says how far the list is complete', () => {
  it.each<[string, ListPosition, string, string]>([
    [
      'live',
      position({ checkedAt: TODAY.toISOString() }),
      'Complete up to ledger position 41. Checked: 10:00.',
      '完整至账本位置 41，核对时间 10:00。',
    ],
    [
      'live, in a tab that was left open over night',
      position({}),
      'Complete up to ledger position 41. Checked: May 6, 2026 at 10:00.',
      '完整至账本位置 41，核对时间 2026年5月6日 10:00。',
    ],
    [
      'live before the first entry',
      position({ block: null, height: 0 }),
      'The ledger holds nothing yet. Checked: May 6, 2026 at 10:00.',
      '账本中还没有内容',
    ],
    [
      'catching up',
      position({ state: 'catchingUp', height: 400 }),
      'Catching up: complete up to ledger position 41 of 399.',
      '正在更新：已完整至账本位置 41，共 399。',
    ],
    [
      'incomplete',
      position({
        state: 'incomplete',
        missing: [
          { holder: 'SouthClinicMSP', since: AT },
          { holder: 'NorthHospitalMSP', since: new Date(2026, 4, 5, 9, 30).toISOString() },
        ],
      }),
      'Entries may be missingThe record of accesses at South Clinic and North Hospital has had a gap since May 5, 2026 at 09:30.',
      '可能缺少访问记录自2026年5月5日 09:30起，South Clinic和North Hospital的访问记录有缺口',
    ],
    [
      'stale',
      position({ state: 'stale', height: null }),
      'This list is not up to date. It is complete up to ledger position 41, last checked on May 6, 2026 at 10:00.',
      '此列表不是最新完整至账本位置 41，上次核对于2026年5月6日 10:00。',
    ],
    [
      'stale and never checked',
      position({ state: 'stale', height: null, checkedAt: null, block: null }),
      'The ledger has not been reached yet. Accesses may be missing.',
      '尚未连接到账本，可能缺少访问记录。',
    ],
    [
      'halted',
      position({ state: 'halted' }),
      'This list has stoppedIt did not match the ledger after position 41',
      '此列表已停止更新位置 41 之后的列表与账本不一致',
    ],
    [
      'halted from the start',
      position({ state: 'halted', block: null, height: null, checkedAt: null }),
      'This list has stoppedIt does not match the ledger',
      '此列表已停止更新列表与账本不一致',
    ],
  ])('%s, in both languages', (_what, list, english, chinese) => {
    const text = (language: 'en' | 'zh-CN'): string =>
      renderPage(<TrustLine />, { language, me: meAnswer({ list }) }).container.textContent;
    expect(text('en')).toContain(english.replace('date. It', 'dateIt'));
    expect(text('zh-CN')).toContain(chinese);
  });

  it.each<[ListPosition['state'], boolean]>([
    ['live', false],
    ['catchingUp', false],
    ['incomplete', true],
    ['stale', true],
    ['halted', true],
  ])('%s interrupts a screen reader: %s', (state, isLoud) => {
    const { container } = renderPage(<TrustLine />, { me: meAnswer({ list: position({ state }) }) });
    expect(container.querySelector('[role="alert"]') !== null).toBe(isLoud);
  });
});
