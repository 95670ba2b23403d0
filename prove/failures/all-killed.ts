import { timeText } from '../../src/main/explain/words.ts';
import { interrupt } from './interrupt.ts';
import { wrongInVideo, wrongInViewing } from './judge.ts';
import type { Platform } from './platform.ts';
import type { Scenario } from './scenario.ts';
import { backAfter, lostBytes, type Sent, send } from './send.ts';
import { view } from './view.ts';

const MORE_BYTES = 24 * 1024 * 1024;
/** The viewer asks for this segment just when all is gone. */
const HELD_AT = 2;

export const allKilled: Scenario = {
  name: 'all-killed',
  done: 'All processes are killed at once (`kill -9`), PostgreSQL too, in the middle of a chunk, of an upload and of a viewing, and `millrace up` is started again.',
  test: 'test/fault/demonstrations.test.ts',
  async run(platform) {
    const { url, measures } = platform;
    const { id: watched } = await platform.watched();
    const video = await platform.upload('all-killed');
    const { taskId, attempt } = await interrupt(platform, video);
    const killed = Promise.withResolvers<void>();
    const onSegment = (segment: number) => (segment === HELD_AT ? killed.promise : undefined);
    const watching = view({ url, videoId: watched, pace: measures.pace, onSegment });
    const { faultMs, sending } = await killInMidUpload(platform);
    killed.resolve();
    await platform.startAgain();
    const next = { taskId, attempt: attempt + 1 };
    const recoveryMs = await platform.lapseMs(faultMs, { event: 'task_leased', ...next });
    const [{ sent, source }, viewing] = await Promise.all([sending, watching]);
    const wrong = await Promise.all([
      wrongInVideo(platform, video),
      wrongInVideo(platform, { id: sent.videoId, source }),
      wrongInViewing(platform, watched, viewing),
    ]);
    const back = backAfter(sent, faultMs);
    return {
      faultMs,
      seen: `The chunk was gone on with behind its last whole segment; the upload at byte ${back?.offset} after ${timeText((back?.wallMs ?? 0) - faultMs)}; the viewer in the same session, whose picture stalled for ${timeText(viewing.stalledMs)}.`,
      recoveryMs,
      until: 'the chunk is lent again',
      lines: [
        { event: 'role_started', node: 'orchestrator' },
        { event: 'instance_ready' },
        { event: 'upload_resumed', videoId: sent.videoId },
        { event: 'segment_served', sessionId: viewing.sessionId },
        { event: 'lease_expired', taskId, attempt },
        { event: 'task_leased', ...next },
        { event: 'segments_reused', ...next },
        { event: 'upload_completed', videoId: sent.videoId },
      ],
      wrong: [...wrong.flat(), ...lostBytes(sent)],
    };
  },
};

/** Kills all when half of an upload is sent, whose client goes on trying. */
async function killInMidUpload(platform: Platform) {
  const source = platform.source('all-killed-upload', MORE_BYTES);
  const killAll = await platform.killAll();
  const killed = Promise.withResolvers<number>();
  let faultMs = 0;
  const onSent = (bytes: number): void => {
    if (faultMs > 0 || bytes < source.bytes.length / 2) return;
    faultMs = killAll();
    killed.resolve(faultMs);
  };
  const sending = send(source.bytes, { url: platform.url, name: source.name, onSent });
  // An upload that fails before is told by its error.
  await Promise.race([killed.promise, sending]);
  return { faultMs, sending: sending.then((sent: Sent) => ({ sent, source })) };
}
