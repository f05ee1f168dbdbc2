// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';

/** A page that works without script, and the Content-Security-Policy that it needs. */
export interface Page {
  readonly html: string;
  readonly policy: string;
}

const STYLE = `
:root { color-scheme: light dark; font-family: system-ui, sans-serif; line-height: 1.5; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: light-dark(#f4f6f8, #14181d); color: light-dark(#1a2129, #e8edf2); }
main { width: min(26rem, calc(100vw - 2rem)); box-sizing: border-box; padding: 2rem; border-radius: .75rem; background: light-dark(#fff, #1e242c); box-shadow: 0 1px 4px rgb(0 0 0 / .2); }
h1 { font-size: 1.35rem; margin: 0 0 1rem; }
label { display: block; font-weight: 600; margin-top: 1rem; }
input { width: 100%; box-sizing: border-box; font: inherit; padding: .6rem; margin-top: .25rem; border: 1px solid light-dark(#6b7785, #8a96a3); border-radius: .4rem; background: transparent; color: inherit; }
button { font: inherit; font-weight: 600; padding: .6rem 1.2rem; margin: 1.25rem .5rem 0 0; border: 1px solid light-dark(#0b5c8a, #6cc0ee); border-radius: .4rem; background: light-dark(#0b5c8a, #6cc0ee); color: light-dark(#fff, #10161c); cursor: pointer; }
button.plain { background: transparent; color: inherit; }
:focus-visible { outline: 3px solid light-dark(#c96a00, #ffb454); outline-offset: 2px; }
.problem { border-left: .3rem solid light-dark(#b3261e, #ff8a80); padding: .25rem 0 .25rem .75rem; }
ul { padding-left: 1.2rem; }
`;

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/** @param formTargets origins or schemes to which a form's answer may be redirected, besides this origin. */
function policyWith(formTargets: readonly string[]): string {
  return [
    "default-src 'none'",
    `style-src 'sha256-${STYLE_HASH}'`,
    `form-action ${["'self'", ...formTargets].join(' ')}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ');
}

function page(title: string, body: string, formTargets: readonly string[] = []): Page {
  return {
    html: `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escapeHtml(title)} – Chartwitness</title><style>${STYLE}</style></head>
<body><main><h1>${escapeHtml(title)}</h1>${body}</main></body>
</html>
`,
    policy: policyWith(formTargets),
  };
}

export interface LoginPageContent {
  readonly action: string;
  readonly cancelAction: string;
  /** The app that asked, unless it is the portal itself. */
  readonly appName: string | undefined;
  readonly username: string;
  readonly problem: string | undefined;
  readonly formTargets: readonly string[];
}

export function loginPage(content: LoginPageContent): Page {
  const problem =
    content.problem === undefined
      ? ''
      : `<p class="problem" role="alert" id="problem">${escapeHtml(content.problem)}</p>`;
  const described = content.problem === undefined ? '' : ' aria-describedby="problem"';
  const intro =
    content.appName === undefined
      ? ''
      : `<p>to continue to <strong>${escapeHtml(content.appName)}</strong></p>`;
  return page(
    'Sign in',
    `${intro}${problem}
<form method="post" action="${escapeHtml(content.action)}">
<label for="username">User name</label>
<input id="username" name="username" autocomplete="username" autocapitalize="none" spellcheck="false" required maxlength="64" value="${escapeHtml(content.username)}"${described}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required maxlength="256"${described}>
<button type="submit">Sign in</button>
</form>
<form method="post" action="${escapeHtml(content.cancelAction)}"><button type="submit" class="plain">Cancel</button></form>`,
    content.formTargets,
  );
}

export interface ConsentPageContent {
  readonly action: string;
  readonly appName: string;
  readonly patientName: string;
  /** What the app asks for, in words. */
  readonly asks: readonly string[];
  readonly formTargets: readonly string[];
}

export function consentPage(content: ConsentPageContent): Page {
  return page(
    `Allow ${content.appName}?`,
    `<p>${escapeHtml(content.patientName)}, the app <strong>${escapeHtml(content.appName)}</strong> asks to:</p>
<ul>${content.asks.map((ask) => `<li>${escapeHtml(ask)}</li>`).join('')}</ul>
<form method="post" action="${escapeHtml(content.action)}">
<button type="submit" name="decision" value="allow">Allow</button>
<button type="submit" name="decision" value="refuse" class="plain">Refuse</button>
</form>`,
    content.formTargets,
  );
}

export function errorPage(title: string, what: string, remedy: string): Page {
  return page(
    title,
    `<p class="problem">${escapeHtml(what)}</p><p>${escapeHtml(remedy)}</p><p><a href="/">To the portal</a></p>`,
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
