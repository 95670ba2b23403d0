import type { Meters } from '../lib/meters.ts';
import type { Cmcd } from './read-cmcd.ts';

/** What players claim about themselves (CMCD), summed up over all sessions of this edge. */
export function createPlayerMetrics({ counter, histogram }: Meters) {
  const reports = counter(
    'millrace_player_reports_total',
    'Requests with CMCD by whether it could be read.',
    'outcome',
  );
  const buffer = histogram(
    'millrace_player_buffer_seconds',
    'Media that a player held ready when it asked (bl).',
    [0.5, 1, 2, 5, 10, 20, 40],
  );
  const throughput = histogram(
    'millrace_player_throughput_bits_per_second',
    'Throughput that a player measured (mtp).',
    [5e5, 1e6, 2e6, 5e6, 1e7, 5e7, 1e8],
  );
  const startups = counter(
    'millrace_player_startup_requests_total',
    'Requests that a player called urgent, at its start, after a seek or after a halt (su).',
  );
  const rebuffers = counter(
    'millrace_player_rebuffers_total',
    'Requests by which a player told that it had run out of media since the one before (bs).',
  );
  return {
    note(cmcd: Cmcd | 'malformed'): void {
      reports.inc({ outcome: cmcd === 'malformed' ? cmcd : 'read' });
      if (cmcd === 'malformed') return;
      const { bl, mtp, su, bs } = cmcd.said;
      if (typeof bl === 'number') buffer.observe(bl / 1000);
      if (typeof mtp === 'number') throughput.observe(mtp * 1000);
      if (su) startups.inc();
      if (bs) rebuffers.inc();
    },
  };
}
