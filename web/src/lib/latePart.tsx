// SPDX-License-Identifier: Apache-2.0
import { lazy, type ComponentType, type ReactNode } from 'react';
import { ApiError } from './apiError';

/**
 * A part of the portal could not be fetched: the server is away, or it has another version of the portal by
 * now.
 */
export class PartMissing extends ApiError {}

const missing = new Set<() => void>();

/**
 * A component whose code comes when it is shown. One that could not be fetched is asked for again after
 * {@link forgetMissing}.
 */
export function latePart<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
): (props: Props) => ReactNode {
  const begin = () =>
    lazy(async () => {
      try {
        return { default: await load() };
      } catch (cause) {
        missing.add(() => {
          Part = begin();
        });
        throw new PartMissing({ status: 0, code: 'UNREACHABLE', requestId: null, cause });
      }
    });
  let Part = begin();
  return function LatePart(props: Props): ReactNode {
    // A constant of the module but for a failed download: the component is then made anew, and so is its
    // state.
    const Current = Part as ComponentType<Props>;
    return <Current {...props} />;
  };
}

/** Lets every part that could not be fetched be asked for again. */
export function forgetMissing(): void {
  for (const forget of missing) {
    forget();
  }
  missing.clear();
}
