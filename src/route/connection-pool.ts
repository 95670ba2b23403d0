import type { EdgeConnection } from './edge-connection.ts';

const MAX_IDLE_PER_EDGE = 256;

export type ConnectionPool = {
  /** An idle connection, else a new one; undefined when there are too many. */
  take(): EdgeConnection | undefined;
  /** A connection that nobody has used before. */
  open(): EdgeConnection | undefined;
  isEmpty(): boolean;
  close(): void;
};

type Open = (
  host: string,
  port: number,
  onIdle: (connection: EdgeConnection) => void,
  onClose: (connection: EdgeConnection) => void,
) => EdgeConnection;

/** The connections to one edge. */
export function createConnectionPool(url: string, maxConnections: number, connectTo: Open): ConnectionPool {
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const all = new Set<EdgeConnection>();
  /** Last used, first taken: the others run out of time and are closed. */
  const idle: EdgeConnection[] = [];
  const onIdle = (connection: EdgeConnection): void => {
    if (idle.length < MAX_IDLE_PER_EDGE) idle.push(connection);
    else connection.destroy();
  };
  const onClose = (connection: EdgeConnection): void => {
    all.delete(connection);
    const at = idle.indexOf(connection);
    if (at >= 0) idle.splice(at, 1);
  };
  const open = (): EdgeConnection | undefined => {
    if (all.size >= maxConnections) return undefined;
    const connection = connectTo(host, Number(port || 80), onIdle, onClose);
    all.add(connection);
    return connection;
  };
  return {
    take: () => {
      for (let last = idle.pop(); last; last = idle.pop()) if (last.isIdle) return last;
      return open();
    },
    open,
    isEmpty: () => all.size === 0,
    close: () => {
      for (const connection of all) connection.destroy();
    },
  };
}
