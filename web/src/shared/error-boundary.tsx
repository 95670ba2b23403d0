import { Component, type ReactNode } from 'react';
import { Notice } from './notice.tsx';

type Props = { children: ReactNode };
type State = { failed: boolean };

/** Where a part of the page cannot be loaded or drawn, says so in its place. React logs the error itself. */
export class ErrorBoundary extends Component<Props, State> {
  override state: State = { failed: false };

  static getDerivedStateFromError(): State {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <Notice icon="alert" title="This part of the page did not load" role="alert">
        <p>The server may have been restarted or updated meanwhile.</p>
        <button type="button" className="button" onClick={() => window.location.reload()}>
          Load again
        </button>
      </Notice>
    );
  }
}
