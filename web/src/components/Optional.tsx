// SPDX-License-Identifier: Apache-2.0
import { Component, Suspense, type ReactNode } from 'react';

interface OptionalProps {
  readonly children: ReactNode;
  /** Shown where the part cannot be loaded. */
  readonly otherwise?: ReactNode;
}

/** A part that is loaded later and that the page can do without. */
export class Optional extends Component<OptionalProps, { readonly isMissing: boolean }> {
  override state = { isMissing: false };

  static getDerivedStateFromError(): { readonly isMissing: boolean } {
    return { isMissing: true };
  }

  override render(): ReactNode {
    return this.state.isMissing ? (
      this.props.otherwise
    ) : (
      <Suspense fallback={null}>{this.props.children}</Suspense>
    );
  }
}
