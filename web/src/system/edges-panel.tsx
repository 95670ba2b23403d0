import type { EdgeEntry } from '../api/system.ts';
import { type Column, DataTable } from '../shared/data-table.tsx';
import { formatBytes, formatPercent } from '../shared/format.ts';

/** Where sessions are, and how much of what they ask for is there already. */
export const EdgesPanel = ({ edges }: { edges: readonly EdgeEntry[] }) => (
  <section className="panel panel-wide" data-testid="edges">
    <h2>Edges</h2>
    {edges.length === 0 ? (
      <p className="panel-empty">None is known. Nothing plays until one is.</p>
    ) : (
      <DataTable label="Edges" columns={COLUMNS} rows={edges} keyOf={({ name }) => name} />
    )}
  </section>
);

const share = (ratio: number | null | undefined): string => (typeof ratio === 'number' ? formatPercent(ratio) : '–');
const bytes = (held: { readonly bytes: number } | undefined): string => (held ? formatBytes(held.bytes) : '–');

const COLUMNS: readonly Column<EdgeEntry>[] = [
  { name: 'Edge', cell: ({ name }) => name },
  { name: 'Standing', cell: ({ status, standing }) => (status === null ? 'silent' : (standing ?? '–')) },
  { name: 'Sessions', is: 'number', cell: ({ status }) => status?.sessions ?? '–' },
  { name: 'Hits', is: 'number', cell: ({ status }) => share(status?.hitRatio.requests) },
  { name: 'Bytes hit', is: 'number', cell: ({ status }) => share(status?.hitRatio.bytes) },
  { name: 'In memory', is: 'number', cell: ({ status }) => bytes(status?.memory) },
  { name: 'On disk', is: 'number', cell: ({ status }) => bytes(status?.disk) },
  { name: 'In flight', is: 'number', cell: ({ status }) => status?.inFlight.requests ?? '–' },
];
