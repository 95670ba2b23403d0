import type { IncomingMessage, ServerResponse } from 'node:http';
import { DomainError } from '../domain/errors.ts';
import type { LogEvent } from '../domain/log-events.ts';
import type { Log } from '../lib/log.ts';
import { sendJson } from '../lib/send.ts';
import type { TextSigner } from '../lib/sign-text.ts';

export type Drain = {
  readonly isDraining: boolean;
  /** `POST /drain` begins, `DELETE /drain` takes it back. @throws DomainError unauthorized | method_not_allowed */
  answer(request: IncomingMessage, response: ServerResponse): void;
};

/** What is signed to make the token: whoever knows the shared secret may drain any edge. */
export const DRAIN_PURPOSE = 'edge-drain';

type Deps = { readonly signer: Pick<TextSigner, 'matches'>; readonly edge: string; readonly log: Log<LogEvent> };

/**
 * An edge that drains serves whatever it is asked for, and says in its /health that it would rather not be: routers
 * take its sessions to other edges, and then it can be ended without a viewer noticing.
 */
export function createDrain({ signer, edge, log }: Deps): Drain {
  let isDraining = false;
  return {
    get isDraining() {
      return isDraining;
    },
    answer: (request, response) => {
      const token = /^Bearer (\S{1,100})$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
      if (!signer.matches(DRAIN_PURPOSE, token)) throw new DomainError('unauthorized');
      if (request.method !== 'POST' && request.method !== 'DELETE') throw new DomainError('method_not_allowed');
      isDraining = request.method === 'POST';
      log.info('edge_draining', { edge, draining: isDraining });
      sendJson(response, 200, { edge, draining: isDraining });
    },
  };
}
