// SPDX-License-Identifier: Apache-2.0
import { Component, type ReactNode } from 'react';
import { Notice } from '../components/Notice';
import { useWords } from '../words/context';

interface FaultBoundaryProps {
  readonly children: ReactNode;
}

/** Shows a page of words where a fault of the portal itself would leave an empty one. */
export class FaultBoundary extends Component<FaultBoundaryProps, { readonly hasFault: boolean }> {
  override state = { hasFault: false };

  static getDerivedStateFromError(): { readonly hasFault: boolean } {
    return { hasFault: true };
  }

  override render(): ReactNode {
    return this.state.hasFault ? <FaultPage /> : this.props.children;
  }
}

function FaultPage(): ReactNode {
  const words = useWords();
  return (
    <main className="page page-narrow">
      <h1>{words.text('error.broken.title')}</h1>
      <Notice kind="danger" isLive>
        <p>{words.text('error.broken.text')}</p>
        <button
          type="button"
          className="button"
          onClick={() => {
            window.location.reload();
          }}
        >
          {words.text('app.retry')}
        </button>
      </Notice>
    </main>
  );
}
