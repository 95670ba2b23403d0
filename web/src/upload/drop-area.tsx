import { useEffect, useState } from 'react';
import { Icon } from '../shared/icons.tsx';

/** Takes files that are dropped anywhere on the page, and says so while they hang over it. */
export function DropArea({ onFiles }: { onFiles: (files: readonly File[]) => void }) {
  const [over, setOver] = useState(false);
  useEffect(() => listenForFiles(setOver, onFiles), [onFiles]);
  if (!over) return null;
  return (
    <div className="drop-area" aria-hidden="true">
      <div className="drop-area-frame">
        <Icon name="upload" />
        Drop to upload
      </div>
    </div>
  );
}

function listenForFiles(setOver: (over: boolean) => void, onFiles: (files: readonly File[]) => void): () => void {
  const listening = new AbortController();
  const { signal } = listening;
  const onDragOver = (event: DragEvent): void => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = 'copy';
    setOver(true);
  };
  // Only leaving the window has no element on the other side; moves between our own elements do.
  const onDragLeave = (event: DragEvent): void => {
    if (event.relatedTarget === null) setOver(false);
  };
  const onDrop = (event: DragEvent): void => {
    setOver(false);
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    onFiles([...event.dataTransfer.files]);
  };
  window.addEventListener('dragover', onDragOver, { signal });
  window.addEventListener('dragleave', onDragLeave, { signal });
  window.addEventListener('drop', onDrop, { signal });
  return () => listening.abort();
}
