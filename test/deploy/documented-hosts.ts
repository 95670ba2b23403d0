import type { HostAddress } from '../support/network.ts';
import { readText } from './deploy-files.ts';

/** What docs/deployment.md has people do on one kind of host. */
export type DocumentedHosts = {
  readonly hosts: readonly HostAddress[];
  /** Lines in their order. */
  readonly lines: readonly string[];
};

/**
 * The fenced blocks whose first line names hosts: `# hosts worker-1 10.0.0.21, worker-2 10.0.0.22`. In the lines that
 * follow, `$name` and `$address` are those of the host.
 */
export function documentedHosts(): DocumentedHosts[] {
  const blocks = [...readText('docs/deployment.md').matchAll(/^```sh\n# hosts? (.+)\n([\s\S]*?)^```/gm)];
  return blocks.map(([, heads = '', script = '']) => ({
    hosts: heads.split(', ').map((head) => {
      const [name = '', address = ''] = head.split(' ');
      return { name, address };
    }),
    lines: script.split('\n').filter((line) => line !== ''),
  }));
}

/** Secrets and folders that stand in the document in capitals, with what they are in a test. */
export type Fillings = Readonly<Record<string, string>>;

export type HostStep =
  | { readonly kind: 'setting'; readonly name: string; readonly value: string }
  | { readonly kind: 'role'; readonly role: string }
  | { readonly kind: 'command'; readonly args: readonly string[] };

/** One line on one host. @throws where it is of no form that is known, so that no line of the document goes untried */
export function stepOf(line: string, { name, address }: HostAddress, fillings: Fillings): HostStep {
  const [, setting, value = ''] = /^export (MILLRACE_\w+)=(\S+)$/.exec(line) ?? [];
  const fill = (text: string, [word, filling]: [string, string]) => text.replaceAll(word, filling);
  const words = Object.entries({ ...fillings, $name: name, $address: address });
  if (setting !== undefined) return { kind: 'setting', name: setting, value: words.reduce(fill, value) };
  const [, role] = /^millrace ([\w-]+) &$/.exec(line) ?? [];
  if (role !== undefined) return { kind: 'role', role };
  const [, args] = /^millrace ([^&]+)$/.exec(line) ?? [];
  if (args !== undefined) return { kind: 'command', args: args.split(' ') };
  throw new Error(`docs/deployment.md: ${line}`);
}
