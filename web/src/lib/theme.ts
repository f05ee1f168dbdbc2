// SPDX-License-Identifier: Apache-2.0

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const CHOICE = 'chartwitness.theme';

export function storedTheme(): Theme {
  try {
    const stored = localStorage.getItem(CHOICE);
    return THEMES.find((theme) => theme === stored) ?? 'system';
  } catch {
    // The browser allows no storage.
    return 'system';
  }
}

export function applyTheme(theme: Theme): void {
  if (theme === 'system') {
    delete document.documentElement.dataset['theme'];
  } else {
    document.documentElement.dataset['theme'] = theme;
  }
}

export function chooseTheme(theme: Theme): void {
  applyTheme(theme);
  try {
    localStorage.setItem(CHOICE, theme);
  } catch {
    // The choice then holds until the page is closed.
  }
}
