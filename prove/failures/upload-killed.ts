import { wrongInVideo } from './judge.ts';
import type { Scenario } from './scenario.ts';
import { backAfter, lostBytes, send } from './send.ts';

const MORE_BYTES = 40 * 1024 * 1024;

export const uploadKilled: Scenario = {
  name: 'upload-killed',
  done: 'The process that takes uploads is killed (`kill -9`) when half of a file of 40 MiB is there.',
  test: 'test/fault/tus-clients.test.ts',
  async run(platform) {
    const source = platform.source('upload-killed', MORE_BYTES);
    const pid = await platform.pid('public');
    let faultMs = 0;
    const onSent = (bytes: number): void => {
      if (faultMs > 0 || bytes < source.bytes.length / 2) return;
      faultMs = Date.now();
      process.kill(pid, 'SIGKILL');
    };
    const sent = await send(source.bytes, { url: platform.url, name: source.name, onSent });
    const wrong = [...lostBytes(sent), ...(await wrongInVideo(platform, { id: sent.videoId, source }))];
    if (sent.retries === 0) wrong.push('the upload was never broken off');
    const back = backAfter(sent, faultMs);
    return {
      faultMs,
      seen: `tus-js-client asked where to go on, was told ${back?.offset} of ${source.bytes.length} bytes, and sent the rest; the source is the file, byte for byte.`,
      recoveryMs: (back?.wallMs ?? 0) - faultMs,
      until: 'the client is told where to go on',
      lines: [
        { event: 'child_exited', child: 'public' },
        { event: 'child_started', child: 'public' },
        { event: 'role_started', node: 'public' },
        { event: 'upload_resumed', videoId: sent.videoId },
        { event: 'upload_completed', videoId: sent.videoId },
      ],
      wrong,
    };
  },
};
