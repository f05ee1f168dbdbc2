// SPDX-License-Identifier: Apache-2.0
import { Component, Suspense, useEffect, type ReactNode } from 'react';
import { inTurns } from '../lib/comeBack';
import { forgetMissing, latePart, PartMissing } from '../lib/latePart';
import { ErrorNotice } from './ErrorNotice';

const loadMissingPart = async () => (await import('./MissingPart')).MissingPart;
const MissingPart = latePart(loadMissingPart);

/** Brings what tells of a missing part, while it can still be fetched. */
export async function prepareForMissing(): Promise<void> {
  await loadMissingPart();
}

interface PartBoundaryProps {
  readonly children: ReactNode;
  /** What is shown now; another value tries again. */
  readonly at?: unknown;
  /** Shown while the part is on its way. */
  readonly waiting?: ReactNode;
  /**
   * Shown in place of the part where the page can do without it; absent, the page says what is missing and
   * why.
   */
  readonly otherwise?: ReactNode;
}

interface PartState {
  readonly fault: Error | undefined;
}

/**
 * Keeps the page around a part that could not be fetched. Every other fault goes on to the boundary of the
 * whole portal.
 */
export class PartBoundary extends Component<PartBoundaryProps, PartState> {
  override state: PartState = { fault: undefined };

  static getDerivedStateFromError(fault: unknown): PartState {
    return { fault: fault instanceof Error ? fault : new Error(String(fault)) };
  }

  override componentDidCatch(): void {
    forgetMissing();
  }

  override componentDidUpdate(before: PartBoundaryProps): void {
    if (before.at !== this.props.at) {
      this.again();
    }
  }

  again = (): void => {
    if (this.state.fault !== undefined) {
      this.setState({ fault: undefined });
    }
  };

  override render(): ReactNode {
    const { children, waiting = null, otherwise } = this.props;
    const { fault } = this.state;
    if (fault === undefined) {
      return <Suspense fallback={waiting}>{children}</Suspense>;
    }
    if (!(fault instanceof PartMissing)) {
      throw fault;
    }
    if (otherwise !== undefined) {
      return otherwise;
    }
    return (
      <PartBoundary otherwise={<ComesBack error={fault} onRetry={this.again} />}>
        <MissingPart onRetry={this.again} />
      </PartBoundary>
    );
  }
}

/** Where even what tells of a missing part could not be fetched: it is tried again by itself. */
function ComesBack({ error, onRetry }: { readonly error: Error; readonly onRetry: () => void }): ReactNode {
  useEffect(() => inTurns(onRetry), [onRetry]);
  return <ErrorNotice error={error} onRetry={onRetry} />;
}
