// SPDX-License-Identifier: Apache-2.0
import type { Plugin } from 'vite';

/** Functions of the router's framework and data modes that `Link` and `Routes` name, and that never run below a `BrowserRouter`. */
const OF_OTHER_MODES = ['PrefetchPageLinks', 'DefaultErrorComponent', 'RSCErrorHandler'];

/**
 * Lets the bundler leave out the router's parts that nothing uses (forms, fetchers, prefetching, server rendering). What keeps them in: a
 * call or a class that is not marked as free of effects, a name for debuggers that is written onto it, and functions of other modes.
 * The build fails when a release of the router has another form, so that somebody looks.
 */
export function unusedRouterParts(): Plugin {
  const found = new Set<string>();
  return {
    name: 'unused-router-parts',
    apply: 'build',
    transform: {
      filter: { id: /node_modules\/react-router\/dist\/production/ },
      handler: (code) => OF_OTHER_MODES.reduce((rest, name) => emptied(rest, name, found), markPure(code)),
    },
    buildEnd(error) {
      const missing = OF_OTHER_MODES.filter((name) => !found.has(name));
      if (error === undefined && missing.length > 0)
        this.error(`react-router has another form, the build finds no ${missing.join(', ')}`);
    },
  };
}

function markPure(code: string): string {
  return code
    .replaceAll(/^(var \w+ = )(React\d*\.(?:forwardRef|createContext|memo)\()/gm, '$1/* @__PURE__ */ $2')
    .replaceAll(
      /^(var \w+ = )(class extends React\d*\.Component \{[\s\S]*?^\});$/gm,
      '$1/* @__PURE__ */ (() => $2)();',
    )
    .replaceAll(/^\w+\.displayName = "[^"]*";$/gm, '');
}

/** @param found takes the function's name where `code` has it. */
function emptied(code: string, name: string, found: Set<string>): string {
  return code.replace(new RegExp(`^function ${name}\\([\\s\\S]*?^\\}$`, 'm'), () => {
    found.add(name);
    return `function ${name}() { return null; }`;
  });
}
