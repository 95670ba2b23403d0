/** One metric as `/metrics` tells it: its type, and the labels of its samples. */
export type ToldMetric = { readonly type: string; readonly labels: ReadonlySet<string> };

/** What Prometheus adds to the name of a histogram or summary. */
const SUFFIX = /_(bucket|sum|count)$/;

/** The metrics in an answer of `/metrics`. */
export function metricsIn(text: string): Map<string, ToldMetric & { labels: Set<string> }> {
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)];
  const metrics = new Map(types.map(([, name = '', type = '']) => [name, { type, labels: new Set<string>() }]));
  for (const [, name = '', labels = ''] of text.matchAll(/^([a-z_0-9]+)\{(.*)\} \S+$/gm)) {
    const metric = metrics.get(name) ?? metrics.get(name.replace(SUFFIX, ''));
    for (const [, label = ''] of labels.matchAll(/([a-zA-Z_]+)="/g)) metric?.labels.add(label);
  }
  return metrics;
}

export type DocumentedMetric = {
  readonly type: string;
  readonly labels: readonly string[];
  readonly roles: readonly string[];
};

/** The rows of the tables of docs/observability.md. */
export function documentedMetrics(markdown: string): Map<string, DocumentedMetric> {
  const rows = [...markdown.matchAll(/^\| `(millrace_\w+)` \| (\w+) \|([^|]*)\|([^|]*)\| [^|]+ \|$/gm)];
  const words = (cell: string): string[] => [...cell.matchAll(/[\w-]+/g)].map(([word]) => word);
  return new Map(
    rows.map(([, name = '', type = '', labels = '', roles = '']) => [
      name,
      { type, labels: words(labels), roles: words(roles) },
    ]),
  );
}
