import { DomainError } from '../domain/errors.ts';
import type { Gate } from '../lib/gate.ts';

/** One more body may be received. @returns how to say that it was. @throws DomainError too_many_uploads */
export async function enterGate(transfers: Gate): Promise<() => void> {
  const leave = await transfers.enter();
  if (!leave) throw new DomainError('too_many_uploads');
  return leave;
}
