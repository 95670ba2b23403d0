import { useState } from 'react';
import type { JobResource, VideoResource } from '../../../src/domain/video-resource.ts';
import { processVideo } from '../api/videos.ts';
import { openJob } from '../library/merge-videos.ts';
import type { PageClock } from '../shared/clock.ts';
import { ConfirmDialog } from '../shared/confirm-dialog.tsx';
import { formatPercent } from '../shared/format.ts';
import { Icon } from '../shared/icons.tsx';
import { ProgressBar } from '../shared/progress-bar.tsx';
import { useNow } from '../shared/use-now.ts';
import { attemptsOf } from './attempts-of.ts';
import { AttemptsTable } from './attempts-table.tsx';
import { CancelButton } from './cancel-button.tsx';
import { EventsList } from './events-list.tsx';
import { lanesOf } from './lanes-of.ts';
import type { Work } from './use-work.ts';
import { workText } from './video-frame.tsx';
import { WorkChart } from './work-chart.tsx';

type Props = { video: VideoResource; work: Work; clock: PageClock; onChanged: () => void };

/** How the latest job was done, by whom, and when: as a chart, as a table and event by event. */
export function WorkPanel({ video, work, clock, onChanged }: Props) {
  const { job } = video;
  const open = openJob(video);
  const nowMs = useNow(clock, open !== undefined);
  if (!job || work.events.length === 0) return null;
  const attempts = attemptsOf(work.events, job.id);
  return (
    <section className="panel panel-wide" data-testid="work">
      <div className="panel-head">
        <h2>Processing</h2>
        {job.generation > 1 && <span className="panel-aside">generation {job.generation}</span>}
        {video.state === 'ready' && !open && <ProcessAnew video={video} onChanged={onChanged} />}
      </div>
      {video.playback && open && <OpenJob job={open} title={video.title} onChanged={onChanged} />}
      <WorkChart lanes={lanesOf(attempts)} attempts={attempts} tasks={work.tasks} nowMs={nowMs} />
      <details className="more">
        <summary>Attempts</summary>
        <AttemptsTable attempts={attempts} tasks={work.tasks} nowMs={nowMs} />
      </details>
      <details className="more">
        <summary>Events</summary>
        <EventsList events={work.events} />
      </details>
      {job.error?.tail && (
        <details className="more">
          <summary>Last lines of the tool that failed</summary>
          <pre className="tool-tail">{job.error.tail}</pre>
        </details>
      )}
    </section>
  );
}

/** How far it is. Before there is something to play, the frame above says the same. */
const OpenJob = ({ job, title, onChanged }: { job: JobResource; title: string; onChanged: () => void }) => (
  <div className="open-job" data-testid="open-job">
    <ProgressBar value={job.progress} label={`Processing ${title}`} />
    <p>
      {formatPercent(job.progress)} · {workText(job)}
    </p>
    <CancelButton job={job} onChanged={onChanged} />
  </div>
);

/** Takes as long as the first time, so it asks. */
function ProcessAnew({ video, onChanged }: Pick<Props, 'video' | 'onChanged'>) {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <button type="button" className="button button-small" onClick={() => setAsking(true)} data-testid="process-anew">
        <Icon name="retry" />
        Process again
      </button>
      {asking && (
        <ConfirmDialog
          title="Process this video again?"
          action="Process"
          kind="primary"
          onClose={() => setAsking(false)}
          onConfirm={async () => {
            await processVideo(video.id, { force: true });
            onChanged();
          }}
        >
          <p>Every rendition is made anew from the source. What plays now goes on playing until that is done.</p>
        </ConfirmDialog>
      )}
    </>
  );
}
