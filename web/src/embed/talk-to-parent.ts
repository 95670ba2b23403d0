import type { Failure } from '../player/failure.ts';
import { type Command, parseCommand } from './parse-command.ts';

type Said = Readonly<Record<string, unknown>>;

/** The page around the player: docs/embed.md says what is told and what may be asked. */
export type Parent = {
  tell(event: string, more?: Said): void;
  /** Hands on what this very page asks for, and nobody else. */
  onCommand(act: (command: Command) => void): void;
};

/** Only the window around this one is talked to, and only while a page of that origin is in it. */
export function connectParent(videoId: string, origin: string | undefined): Parent {
  const { parent } = window;
  if (origin === undefined || parent === window) return { tell: () => {}, onCommand: () => {} };
  return {
    tell: (event, more = {}) => parent.postMessage({ source: 'millrace', videoId, event, ...more }, origin),
    onCommand: (act) =>
      window.addEventListener('message', (message) => {
        if (message.source !== parent || message.origin !== origin) return;
        const command = parseCommand(message.data);
        if (command) act(command);
      }),
  };
}

/** Tells what happens to the media element, and does what is asked. */
export function bridge(video: HTMLVideoElement, parent: Parent): void {
  const place = (): Said => ({ seconds: video.currentTime, durationSeconds: video.duration });
  for (const event of ['play', 'pause', 'ended', 'timeupdate'])
    video.addEventListener(event, () => parent.tell(event, place()));
  video.addEventListener('resize', () =>
    parent.tell('qualitychange', { widthPx: video.videoWidth, heightPx: video.videoHeight }),
  );
  video.addEventListener('loadedmetadata', () => parent.tell('ready', place()), { once: true });
  parent.onCommand((command) => void obey(video, command).catch(() => parent.tell('error', REFUSED)));
}

/** Browsers let a page begin by itself only without sound, or after the viewer has done something there. */
const REFUSED = {
  code: 'play_refused',
  message: 'The browser lets it play only once the viewer has pressed something, or muted.',
};

async function obey(video: HTMLVideoElement, asked: Command): Promise<void> {
  switch (asked.command) {
    case 'play':
      return video.play();
    case 'pause':
      return video.pause();
    case 'seek':
      video.currentTime = asked.seconds;
      return;
    case 'mute':
      video.muted = asked.muted;
      return;
    default:
      return asked satisfies never;
  }
}

export const tellFailure = (parent: Parent, { code, message }: Failure): void =>
  parent.tell('error', { code, message });
