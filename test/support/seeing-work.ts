import { createCaptionRecords } from '../../src/adapters/captions.ts';
import { createJobControl } from '../../src/adapters/job-control.ts';
import { createJobLists } from '../../src/adapters/job-lists.ts';
import { listenTo } from '../../src/adapters/notifications.ts';
import type { Database } from '../../src/adapters/postgres.ts';
import { createPublishedWork } from '../../src/adapters/published-work.ts';
import { createVideoEvents } from '../../src/adapters/video-events.ts';
import { EVENT_CHANNEL } from '../../src/adapters/wake-ups.ts';
import { createWebhooks } from '../../src/adapters/webhooks.ts';
import { KeyedBell } from '../../src/lib/keyed-bell.ts';
import { ringVideo } from '../../src/upload/follow-library.ts';

/** What an upload-api needs to show and control work, as its role wires it. */
export function seeingWork({ db, url }: { readonly db: Database; readonly url: string }) {
  const videoBell = new KeyedBell();
  const stopping = new AbortController();
  const stopListening = listenTo(url, {
    channels: { [EVENT_CHANNEL]: (videoId) => ringVideo(videoBell, videoId) },
    onConnected: () => videoBell.ringAll(),
    // Connections break when a test ends its database.
    onError: () => {},
  });
  return {
    deps: {
      jobLists: createJobLists(db),
      jobControl: createJobControl(db),
      captions: createCaptionRecords(db),
      published: createPublishedWork(db),
      webhooks: createWebhooks(db),
      allowPrivateWebhooks: false,
      events: createVideoEvents(db),
      videoBell,
      stopping: stopping.signal,
    },
    /** Also a second time. */
    stop: async (): Promise<void> => {
      stopping.abort();
      await stopListening();
    },
  };
}
