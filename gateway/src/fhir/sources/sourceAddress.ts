// SPDX-License-Identifier: Apache-2.0
import { mapTexts } from '../mapTexts';

/** Where the source is, under all its names. Every URL that this gives out is under the configured base. */
export interface SourceAddress {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  /**
   * The absolute URL of a link in an answer to `current`, an alias replaced by the base; undefined when it
   * leads out of the source.
   */
  resolve(link: unknown, current: string): string | undefined;
  /**
   * The value with the base in place of each alias, in all its texts. Values without an alias are the same
   * objects.
   */
  localise(value: unknown): unknown;
}

/** What may follow a base URL in a text; anything else is another URL that begins alike. */
const END = '(?=[/?#\\s"\'<>()|,;]|$)';

/**
 * @param baseUrl absolute URL without a slash at its end.
 * @param aliases other base URLs under which the same server writes its links and references, for instance
 *   behind a proxy.
 */
export function createSourceAddress(baseUrl: string, aliases: readonly string[]): SourceAddress {
  const base = hrefOf(baseUrl);
  const bases = [base, ...aliases.map(hrefOf)];
  // Longest first: one alias may be the beginning of another.
  const named = [...aliases].sort((a, b) => b.length - a.length).map(escaped);
  const alias = named.length === 0 ? undefined : new RegExp(`(?:${named.join('|')})${END}`, 'g');
  return {
    baseUrl,
    resolve: (link, current) => {
      if (typeof link !== 'string' || !URL.canParse(link, current)) {
        return undefined;
      }
      const url = new URL(link, current).href;
      const own = bases.find((one) => url === one || url.startsWith(`${one}/`) || url.startsWith(`${one}?`));
      return own === undefined ? undefined : `${base}${url.slice(own.length)}`;
    },
    localise: (value) =>
      alias === undefined ? value : mapTexts(value, (text) => text.replaceAll(alias, () => baseUrl)),
  };
}

function hrefOf(url: string): string {
  return new URL(url).href.replace(/\/$/, '');
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
