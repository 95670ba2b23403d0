import { useRef } from 'react';
import { Icon } from '../shared/icons.tsx';

/** What file pickers offer first. A hint only: the server looks at the bytes, not at the name. */
const ACCEPTED = 'video/*,audio/*,.mkv,.mts,.m2ts,.mxf,.flv,.wmv,.avi,.ts';

type Props = { onFiles: (files: readonly File[]) => void; testId?: string };

export function UploadButton({ onFiles, testId = 'upload-input' }: Props) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" className="button button-primary" onClick={() => input.current?.click()}>
        <Icon name="upload" />
        Upload
      </button>
      <input
        ref={input}
        type="file"
        hidden
        multiple
        accept={ACCEPTED}
        aria-label="Video files to upload"
        data-testid={testId}
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])]);
          event.target.value = '';
        }}
      />
    </>
  );
}
