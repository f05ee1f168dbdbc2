// SPDX-License-Identifier: Apache-2.0
// @ts-check
import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { createServer as createVite } from 'vite';

/** What the trustee serves beside the portal's pages (`SERVICES` in `gateway/src/trustee/portalFiles.ts`). */
const OF_THE_TRUSTEE = '^/(api|auth|oidc|\\.well-known)(/|$)|^/(openapi\\.json|healthz|readyz)$';

/**
 * The portal from its source. The trustee's paths are passed on under the portal's own address, so that
 * sign-in, cookie and the check of the origin are those of one site.
 * @param {{ root: string, host: string, port: number, trusteeUrl: string, say: (line: string) => void }}
 *   options
 */
export async function startPortal({ root, host, port, trusteeUrl, say }) {
  // In a server of our own: Vite's would answer SIGTERM by itself and end this process before the services
  // have closed.
  const listener = createServer();
  listener.listen(port, host);
  await once(listener, 'listening');
  const vite = await createVite({
    root: join(root, 'web'),
    configFile: join(root, 'web', 'vite.config.ts'),
    clearScreen: false,
    logLevel: 'error',
    server: {
      middlewareMode: true,
      hmr: { server: listener },
      proxy: { [OF_THE_TRUSTEE]: { target: trusteeUrl } },
    },
  });
  // Looked up for each request: a restart makes them anew.
  listener.on('request', (request, response) => {
    vite.middlewares(request, response);
  });
  // Words are made into modules once, as Vite starts.
  vite.watcher.on('change', (file) => {
    if (!file.includes(join('src', 'words', 'languages'))) {
      return;
    }
    say('Words changed: the portal starts again.');
    void vite.restart();
  });
  return {
    close: async () => {
      listener.close();
      listener.closeAllConnections();
      await vite.close();
    },
  };
}
