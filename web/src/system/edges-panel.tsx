import type { EdgeEntry } from '../api/system.ts';
import { formatBytes, formatPercent } from '../shared/format.ts';

/** Where sessions are, and how much of what they ask for is there already. */
export const EdgesPanel = ({ edges }: { edges: readonly EdgeEntry[] }) => (
  <section className="panel panel-wide" data-testid="edges">
    <h2>Edges</h2>
    {edges.length === 0 ? (
      <p className="panel-empty">None is known. Nothing plays until one is.</p>
    ) : (
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard.
      <section className="table-scroll" tabIndex={0} aria-label="Edges">
        <table>
          <thead>
            <tr>
              <th scope="col">Edge</th>
              <th scope="col">Standing</th>
              <th scope="col" className="number">
                Sessions
              </th>
              <th scope="col" className="number">
                Hits
              </th>
              <th scope="col" className="number">
                Bytes hit
              </th>
              <th scope="col" className="number">
                In memory
              </th>
              <th scope="col" className="number">
                On disk
              </th>
              <th scope="col" className="number">
                In flight
              </th>
            </tr>
          </thead>
          <tbody>
            {edges.map((edge) => (
              <tr key={edge.name}>
                <th scope="row">{edge.name}</th>
                <td>{edge.status === null ? 'silent' : (edge.standing ?? '–')}</td>
                {numbersOf(edge).map(([name, text]) => (
                  <td key={name} className="number">
                    {text}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    )}
  </section>
);

function numbersOf({ status }: EdgeEntry): readonly (readonly [string, string])[] {
  const share = (ratio: number | null | undefined): string => (typeof ratio === 'number' ? formatPercent(ratio) : '–');
  const bytes = (held: { readonly bytes: number } | undefined): string => (held ? formatBytes(held.bytes) : '–');
  return [
    ['sessions', String(status?.sessions ?? '–')],
    ['hits', share(status?.hitRatio.requests)],
    ['bytes', share(status?.hitRatio.bytes)],
    ['memory', bytes(status?.memory)],
    ['disk', bytes(status?.disk)],
    ['flight', String(status?.inFlight.requests ?? '–')],
  ];
}
