// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { ScopeWords } from './scopeWords';
import { type Language, LANGUAGES, wordsIn } from './signInWords';

/** A page that works without script, and the Content-Security-Policy that it needs. */
export interface Page {
  readonly html: string;
  readonly policy: string;
}

// The portal's colours and measures (web/src/styles/tokens.css), repeated because these pages load nothing.
const STYLE = `
:root { color-scheme: light dark; --paper: light-dark(#f3f3f8, #12111a); --sheet: light-dark(#ffffff, #1b1a26); --ink: light-dark(#1c1a2b, #eceaf6);
  --line: light-dark(#dfdeea, #34314a); --strong: light-dark(#807b98, #8a86a3); --accent: light-dark(#4338a8, #b5abff); --on-accent: light-dark(#ffffff, #17132e);
  --bad: light-dark(#b3123a, #ff94a6); --bad-soft: light-dark(#fdeaef, #42182a); font-family: system-ui, sans-serif; line-height: 1.5; }
body { margin: 0; min-height: 100vh; display: grid; align-content: center; justify-items: center; gap: 1.5rem; padding: 1.5rem 1rem; box-sizing: border-box; background: var(--paper); color: var(--ink); }
header { display: flex; align-items: center; gap: .5rem; font-weight: 700; }
main { width: min(24rem, 100%); box-sizing: border-box; padding: 2rem; border: 1px solid var(--line); border-radius: .75rem; background: var(--sheet); overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 1rem; }
label { display: block; font-weight: 600; margin-top: 1rem; }
input { width: 100%; box-sizing: border-box; font: inherit; min-height: 2.75rem; padding: .5rem .75rem; margin-top: .25rem; border: 1px solid var(--strong); border-radius: .5rem; background: transparent; color: inherit; }
button { font: inherit; font-weight: 700; width: 100%; min-height: 2.75rem; padding: .5rem 1.25rem; margin-top: 1.5rem; border: 1px solid var(--accent); border-radius: .5rem; background: var(--accent); color: var(--on-accent); cursor: pointer; }
button.plain { margin-top: .75rem; border-color: var(--strong); background: transparent; color: inherit; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.problem { margin: 0 0 1rem; padding: .75rem 1rem; border-left: .25rem solid var(--bad); border-radius: .5rem; background: var(--bad-soft); }
a { color: var(--accent); }
.help { margin: 1.5rem 0 0; font-size: .875rem; }
nav { display: flex; flex-wrap: wrap; gap: 1rem; }
nav a, nav span { padding: .25rem; }
ul { padding-left: 1.2rem; }
`;

const MARK =
  '<svg aria-hidden="true" width="28" height="28" viewBox="0 0 32 32"><rect width="32" height="32" rx="9" fill="#4338a8"/><path d="M6 17h5l3-8 4 14 3-6h5" fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round"/></svg>';

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/** @param formTargets origins or schemes to which a form's answer may be redirected, besides this origin. */
function policyWith(formTargets: readonly string[]): string {
  return [
    "default-src 'none'",
    `style-src 'sha256-${STYLE_HASH}'`,
    "img-src 'self'",
    `form-action ${["'self'", ...formTargets].join(' ')}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ');
}

interface PageOptions {
  readonly formTargets?: readonly string[];
  /** Path of the page, where it can be shown in another language. */
  readonly path?: string;
}

function page(language: Language, title: string, body: string, options: PageOptions = {}): Page {
  const { formTargets = [], path } = options;
  return {
    html: `<!doctype html>
<html lang="${language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="/mark.png" type="image/png" sizes="64x64"><title>${escapeHtml(title)} – Chartwitness</title><style>${STYLE}</style></head>
<body><header>${MARK}Chartwitness</header><main><h1>${escapeHtml(title)}</h1>${body}</main>${path === undefined ? '' : languageLinks(language, path)}</body>
</html>
`,
    policy: policyWith(formTargets),
  };
}

/** Parameter of a link, and field of a form, with the language that was chosen on the page. */
export const LANGUAGE_PARAMETER = 'lang';

function languageField(language: Language): string {
  return `<input type="hidden" name="${LANGUAGE_PARAMETER}" value="${language}">`;
}

function languageLinks(shown: Language, path: string): string {
  const links = LANGUAGES.map((language) => {
    const name = escapeHtml(wordsIn(language).name);
    return language === shown
      ? `<span lang="${language}" aria-current="true">${name}</span>`
      : `<a href="${escapeHtml(path)}?${LANGUAGE_PARAMETER}=${language}" lang="${language}" hreflang="${language}">${name}</a>`;
  });
  return `<nav aria-label="${escapeHtml(wordsIn(shown).language)}">${links.join(' ')}</nav>`;
}

export interface LoginPageContent {
  readonly language: Language;
  readonly action: string;
  readonly cancelAction: string;
  /** The app that asked, unless it is the portal itself. */
  readonly appName: string | undefined;
  /** The trustee's name; `undefined` while it is not known. */
  readonly trustee: string | undefined;
  /** Path of the page. */
  readonly path: string;
  readonly username: string;
  readonly problem: string | undefined;
  readonly formTargets: readonly string[];
}

export function loginPage(content: LoginPageContent): Page {
  const words = wordsIn(content.language);
  const problem =
    content.problem === undefined
      ? ''
      : `<p class="problem" role="alert" id="problem" tabindex="-1" autofocus>${escapeHtml(content.problem)}</p>`;
  const described = content.problem === undefined ? '' : ' aria-describedby="problem"';
  const intro =
    content.appName === undefined ? '' : `<p>${escapeHtml(words.continueTo(content.appName))}</p>`;
  return page(
    content.language,
    words.signIn,
    `${intro}${problem}
<form method="post" action="${escapeHtml(content.action)}">${languageField(content.language)}
<label for="username">${escapeHtml(words.userName)}</label>
<input id="username" name="username" autocomplete="username" autocapitalize="none" spellcheck="false" required maxlength="64" value="${escapeHtml(content.username)}"${described}>
<label for="password">${escapeHtml(words.password)}</label>
<input id="password" name="password" type="password" autocomplete="current-password" required maxlength="256"${described}>
<button type="submit">${escapeHtml(words.signIn)}</button>
</form>
<form method="post" action="${escapeHtml(content.cancelAction)}"><button type="submit" class="plain">${escapeHtml(words.cancel)}</button></form>
<p class="help">${escapeHtml(words.lost(content.trustee))}</p>`,
    content,
  );
}

export interface ConsentPageContent {
  readonly language: Language;
  readonly action: string;
  readonly appName: string;
  readonly patientName: string;
  /** What the app asks for, in words. */
  readonly asks: readonly ScopeWords[];
  readonly formTargets: readonly string[];
  /** Path of the page. */
  readonly path: string;
}

export function consentPage(content: ConsentPageContent): Page {
  const words = wordsIn(content.language);
  return page(
    content.language,
    words.allowTitle(content.appName),
    `<p>${escapeHtml(words.asks(content.patientName, content.appName))}</p>
<ul>${content.asks.map(askItem).join('')}</ul>
<form method="post" action="${escapeHtml(content.action)}">${languageField(content.language)}
<button type="submit" name="decision" value="allow">${escapeHtml(words.allow)}</button>
<button type="submit" name="decision" value="refuse" class="plain">${escapeHtml(words.refuse)}</button>
</form>`,
    content,
  );
}

function askItem({ text, isWeighty }: ScopeWords): string {
  const words = escapeHtml(text);
  return `<li>${isWeighty ? `<strong>${words}</strong>` : words}</li>`;
}

export interface ErrorPageContent {
  readonly title: string;
  readonly what: string;
  readonly remedy: string;
}

export function errorPage(language: Language, { title, what, remedy }: ErrorPageContent): Page {
  return page(
    language,
    title,
    `<p class="problem">${escapeHtml(what)}</p><p>${escapeHtml(remedy)}</p><p><a href="/">${escapeHtml(wordsIn(language).toPortal)}</a></p>`,
  );
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
