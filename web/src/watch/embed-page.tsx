import { isMissing } from '../api/problem.ts';
import { failureText } from '../shared/connection-note.tsx';
import { useTitle } from '../shared/use-title.ts';
import type { PlayerWish } from './parse-wish.ts';
import { useVideo } from './use-video.ts';
import { VideoFrame } from './video-frame.tsx';

/** Only the player, as large as the frame of the page around it. */
export function EmbedPage({ videoId, wish }: { videoId: string; wish: PlayerWish }) {
  const { video, failure } = useVideo(videoId);
  useTitle(video?.title ?? '');
  const missing = isMissing(failure);
  return (
    <main className="embed">
      {video && !missing && <VideoFrame video={video} wish={wish} />}
      {missing && <EmbedMessage text="This video does not exist." />}
      {!video && failure !== undefined && !missing && <EmbedMessage text={failureText(failure)} />}
    </main>
  );
}

const EmbedMessage = ({ text }: { text: string }) => (
  <p className="frame-message" role="status">
    {text}
  </p>
);
