/** The words of PromQL that our expressions use; anything else must be a metric or a label. */
const WORDS = new Set(['sum', 'max', 'min', 'rate', 'increase', 'histogram_quantile', 'by', 'or']);

export type Selector = {
  readonly metric: string;
  readonly matchers: readonly { readonly label: string; readonly operator: string; readonly value: string }[];
};
export type Expression = { readonly selectors: readonly Selector[]; readonly grouping: readonly string[] };

/**
 * What an expression asks for: its metrics with the labels that they must have, and the labels that it groups by.
 * @throws Error where it has a word that is none of these, or brackets that do not match
 */
export function parsePromql(text: string): Expression {
  assertBalanced(text);
  const grouping = [...text.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) =>
    list.split(',').map((one) => one.trim()),
  );
  const rest = text.replaceAll(/\bby \([^)]*\)/g, ' ').replaceAll(/\[[^\]]*\]/g, ' ');
  const selectors: Selector[] = [];
  for (const [, word = '', inner = ''] of rest.matchAll(/([a-z_]\w*)(?:\{([^}]*)\})?(?=[^"]*(?:"[^"]*"[^"]*)*$)/gi)) {
    if (WORDS.has(word)) continue;
    if (word !== 'up' && !word.startsWith('millrace_')) throw new Error(`${word} is no metric: ${text}`);
    selectors.push({ metric: word, matchers: matchersIn(inner) });
  }
  return { selectors, grouping };
}

const matchersIn = (inner: string): Selector['matchers'] =>
  [...inner.matchAll(/(\w+)(=~|!=|!~|=)"([^"]*)"/g)].map(([, label = '', operator = '', value = '']) => ({
    label,
    operator,
    value,
  }));

const CLOSING: Readonly<Record<string, string>> = { '(': ')', '{': '}', '[': ']' };

function assertBalanced(text: string): void {
  const open: string[] = [];
  for (const sign of text.replaceAll(/"[^"]*"/g, '')) {
    const closing = CLOSING[sign];
    if (closing) open.push(closing);
    else if (')}]'.includes(sign) && open.pop() !== sign) throw new Error(`${sign} has no beginning: ${text}`);
  }
  if (open.length > 0) throw new Error(`${open.at(-1)} is missing: ${text}`);
}
