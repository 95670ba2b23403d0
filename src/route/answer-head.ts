/** The head of an edge's answer, as far as a router needs to understand it. */
export type AnswerHead = {
  readonly status: number;
  /** What goes on to the client: flat name-value pairs, without the fields that were meant for us alone. */
  readonly fields: readonly string[];
  /** Length of the body that follows. */
  readonly bodyBytes: number;
  readonly etag: string | undefined;
  readonly contentRange: string | undefined;
  /** Whether the connection can carry another request afterwards. */
  readonly keepsAlive: boolean;
};

/**
 * Reads the head of an answer, from its status line to before the empty line. Edges are ours and frame every body by
 * its length, so that one cut short is always noticed; whatever else stands there is refused, not guessed at.
 * @returns undefined for what no edge of ours says
 */
export function parseAnswerHead(text: string, isHeadRequest: boolean): AnswerHead | undefined {
  const lines = text.split('\r\n');
  const status = Number(STATUS_LINE.exec(lines[0] ?? '')?.[1] ?? 0);
  const fields: string[] = [];
  const own = new Map<string, string>();
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon);
    const value = line.slice(colon + 1).trim();
    if (!NAME.test(name) || !VALUE.test(value)) return undefined;
    const key = name.toLowerCase();
    if (READ_HERE.has(key)) {
      // Two lengths or two tags: somebody between us and the edge takes part in this.
      if (own.has(key)) return undefined;
      own.set(key, value);
    }
    if (!HOP_BY_HOP.has(key)) fields.push(name, value);
  }
  const hasBody = !isHeadRequest && status !== 204 && status !== 304;
  const bodyBytes = hasBody ? lengthOf(own.get('content-length')) : 0;
  if (status === 0 || bodyBytes === undefined || own.has('transfer-encoding')) return undefined;
  return {
    status,
    fields,
    bodyBytes,
    etag: own.get('etag'),
    contentRange: own.get('content-range'),
    keepsAlive: own.get('connection')?.toLowerCase() !== 'close',
  };
}

/** From 200 on: nobody asked for an interim answer. */
const STATUS_LINE = /^HTTP\/1\.1 ([2-5]\d\d)(?: |$)/;
/** RFC 9110, sections 5.1 and 5.5. */
const NAME = /^[\w!#$%&'*+.^`|~-]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const READ_HERE: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'content-range',
  'etag',
  'transfer-encoding',
]);

/** RFC 9110, section 7.6.1: these concern one connection only. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const lengthOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
