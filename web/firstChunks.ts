// SPDX-License-Identifier: Apache-2.0

/** What the bundler knows of a module. */
interface ModuleFacts {
  getModuleInfo(id: string): { readonly importers: readonly string[] } | null;
}

const ROOT = /\/src\/main\.tsx$/;
/** Through a package's index everything in it looks needed. These are used by the pages that save. */
const LATER = /@tanstack\/.+\/(useMutation|mutationObserver)\.js$/;
const EARLY_ROOT = /\/src\/early\.ts$/;

/**
 * Names the chunk of a module: everything of the portal's own that the first page needs is one file. Left to
 * itself the bundler makes a file of whatever a later page needs as well: ten small ones, and a browser opens
 * six connections.
 */
export function firstChunk(id: string, facts: ModuleFacts): string | null {
  if (LATER.test(id)) {
    return null;
  }
  if (/node_modules|rolldown\/runtime/.test(id)) {
    return isNeededBy(ROOT, id, facts) ? 'libraries' : null;
  }
  if (EARLY_ROOT.test(id)) {
    return null;
  }
  if (isNeededBy(EARLY_ROOT, id, facts)) {
    return 'start';
  }
  return isNeededBy(ROOT, id, facts) ? 'portal' : null;
}

/** Whether `root` imports the module, directly or through others, before it runs. */
function isNeededBy(root: RegExp, id: string, facts: ModuleFacts): boolean {
  const seen = new Set<string>();
  const open = [id];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (root.test(next)) {
      return true;
    }
    if (seen.has(next)) {
      continue;
    }
    seen.add(next);
    open.push(...(facts.getModuleInfo(next)?.importers ?? []));
  }
  return false;
}
