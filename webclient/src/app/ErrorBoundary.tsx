import { Component, type ReactNode } from 'react';
import { Failure } from '../api/failure';
import { FailurePage } from './FailurePage';

/** The last resort: a defect of ours, or a chunk that a new version of the product replaced. Reloading helps with both. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError(): { broken: boolean } {
    return { broken: true };
  }

  override render(): ReactNode {
    if (!this.state.broken) return this.props.children;
    return (
      <main className="oriel-waiting">
        <FailurePage failure={new Failure({ reason: 'UNEXPECTED' })} retry={() => window.location.reload()} />
      </main>
    );
  }
}
