// SPDX-License-Identifier: Apache-2.0
import { Component, type ReactNode } from 'react';
import { Notice } from '../components/Notice';
import { useWords } from '../words/context';

interface FaultBoundaryProps {
  readonly children: ReactNode;
}

interface FaultState {
  readonly fault: Error | undefined;
}

/** Shows a page of words where a fault of the portal itself would leave an empty one. */
export class FaultBoundary extends Component<FaultBoundaryProps, FaultState> {
  override state: FaultState = { fault: undefined };

  static getDerivedStateFromError(fault: unknown): FaultState {
    return { fault: fault instanceof Error ? fault : new Error(String(fault)) };
  }

  override render(): ReactNode {
    const { fault } = this.state;
    return fault === undefined ? this.props.children : <FaultPage />;
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
