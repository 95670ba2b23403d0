import type { TimelineEvent } from '../../../src/domain/video-events.ts';

/** The latest; all of them are at `GET /videos/{id}/timeline`. */
const MOST_SHOWN = 300;

const TIME = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });

/** Every transition as it was written, the latest first. */
export const EventsList = ({ events }: { events: readonly TimelineEvent[] }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard.
  <section className="table-scroll table-tall" tabIndex={0} aria-label="Events">
    <table className="events" data-testid="events">
      <thead>
        <tr>
          <th scope="col">Time</th>
          <th scope="col">What</th>
          <th scope="col">Became</th>
          <th scope="col">Why</th>
        </tr>
      </thead>
      <tbody>
        {events
          .slice(-MOST_SHOWN)
          .toReversed()
          .map((event) => (
            <tr key={event.id}>
              <td className="code">
                <time dateTime={event.at}>{TIME.format(Date.parse(event.at))}</time>
              </td>
              <td>{[event.kind ?? event.subject, event.worker].filter(Boolean).join(' · ')}</td>
              <td>{event.from === null ? event.to : `${event.from} → ${event.to}`}</td>
              <td className="soft">{event.reason ?? ''}</td>
            </tr>
          ))}
      </tbody>
    </table>
  </section>
);
