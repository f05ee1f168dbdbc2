// SPDX-License-Identifier: Apache-2.0
import type { Plugin } from 'vite';

/**
 * Lets the bundler leave out the router's components that nothing uses (forms, fetchers, server rendering). Two things keep them in: a
 * call that makes a component is not marked as free of effects, and a name for debuggers is written onto it.
 */
export function unusedRouterParts(): Plugin {
  return {
    name: 'unused-router-parts',
    apply: 'build',
    transform: {
      filter: { id: /node_modules\/react-router\/dist\/production/ },
      handler: (code) =>
        code
          .replaceAll(
            /^(var \w+ = )(React\d*\.(?:forwardRef|createContext|memo)\()/gm,
            '$1/* @__PURE__ */ $2',
          )
          .replaceAll(/^\w+\.displayName = "[^"]*";$/gm, ''),
    },
  };
}
