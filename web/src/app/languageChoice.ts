// SPDX-License-Identifier: Apache-2.0
import { createContext, use } from 'react';
import type { Language } from '../words/languages';

interface LanguageChoice {
  readonly language: Language;
  readonly choose: (language: Language) => void;
}

export const LanguageContext = createContext<LanguageChoice | null>(null);

export function useLanguageChoice(): LanguageChoice {
  const choice = use(LanguageContext);
  if (choice === null) {
    throw new Error('useLanguageChoice needs a LanguageContext');
  }
  return choice;
}
