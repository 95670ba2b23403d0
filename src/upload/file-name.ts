import { DomainError } from '../domain/errors.ts';

/** What file systems and people can live with; the name is a label here and never becomes a path. */
const MAX_LENGTH = 255;

/** Any script is welcome; folders in front are dropped, as some browsers send them. @throws DomainError bad_file_name */
export function parseFileName(text: string): string {
  const name = (text.split(/[/\\]/).at(-1) ?? '').normalize('NFC').trim();
  if (name === '' || name.length > MAX_LENGTH || /\p{Cc}/u.test(name)) throw new DomainError('bad_file_name');
  return name;
}
