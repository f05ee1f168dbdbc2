// SPDX-License-Identifier: Apache-2.0
import './early';
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/shell.css';
import './styles/timeline.css';
import './styles/choices.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/App';
import { applyTheme, storedTheme } from './lib/theme';
import { preferredLanguage, storedLanguage } from './words/languages';

const root = document.getElementById('root');
if (root === null) throw new Error('the page has no #root');
applyTheme(storedTheme());
const language = preferredLanguage(navigator.languages, storedLanguage());
createRoot(root).render(
  <StrictMode>
    <App firstLanguage={language} />
  </StrictMode>,
);
