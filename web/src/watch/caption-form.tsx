import { type ChangeEvent, useId, useRef, useState } from 'react';
import { putCaptions } from '../api/captions.ts';
import { messageOf } from '../api/problem.ts';
import { formatLanguage } from '../shared/format.ts';
import { Icon } from '../shared/icons.tsx';

/** Offered first; any other tag of BCP 47 can be typed. */
const COMMON = [
  'en',
  'de',
  'es',
  'fr',
  'it',
  'pt',
  'pt-BR',
  'nl',
  'pl',
  'tr',
  'uk',
  'ru',
  'ar',
  'hi',
  'zh',
  'ja',
  'ko',
];

/** Takes a file of captions in a language. */
export function CaptionForm({ videoId, onStored }: { videoId: string; onStored: () => void }) {
  const input = useRef<HTMLInputElement>(null);
  const list = useId();
  const [language, setLanguage] = useState('en');
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();

  async function store(event: ChangeEvent<HTMLInputElement>): Promise<void> {
    const [file] = event.target.files ?? [];
    event.target.value = '';
    if (!file) return;
    setBusy(true);
    setFailure(undefined);
    try {
      await putCaptions(videoId, language.trim(), file);
      onStored();
    } catch (error) {
      setFailure(messageOf(error));
    } finally {
      setBusy(false);
    }
  }

  return (
    <div className="caption-form">
      <input
        className="input"
        aria-label="Language of the captions, as a tag such as en or pt-BR"
        list={list}
        value={language}
        maxLength={35}
        onChange={(event) => setLanguage(event.target.value)}
        data-testid="caption-language"
      />
      <datalist id={list}>
        {COMMON.map((tag) => (
          <option key={tag} value={tag}>
            {formatLanguage(tag)}
          </option>
        ))}
      </datalist>
      <button
        type="button"
        className="button button-small"
        disabled={busy || language.trim() === ''}
        onClick={() => input.current?.click()}
      >
        <Icon name="plus" />
        {busy ? 'Storing…' : 'Add captions'}
      </button>
      <input
        ref={input}
        type="file"
        hidden
        accept=".vtt,.srt,text/vtt"
        aria-label="Captions as WebVTT or SubRip"
        onChange={store}
        data-testid="caption-file"
      />
      {failure && (
        <p className="error-text" role="alert">
          {failure}
        </p>
      )}
    </div>
  );
}
