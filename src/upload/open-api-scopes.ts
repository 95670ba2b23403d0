import { scopeOf } from './scope-of.ts';

type Paths = Readonly<Record<string, object | undefined>>;

const METHODS = new Set(['get', 'head', 'post', 'put', 'patch', 'delete', 'options']);

/** How a key is sent. */
export const SECURITY_SCHEMES = {
  bearer: { type: 'http' as const, scheme: 'bearer', description: 'An API key' },
  password: { type: 'http' as const, scheme: 'basic', description: 'Any name, and an API key as password' },
};

/** Says of each route of the document which scope its key must have. */
export const withScopes = <Given extends Paths>(paths: Given): Given =>
  Object.fromEntries(Object.entries(paths).map(([path, item]) => [path, scoped(path, item ?? {})])) as Given;

const scoped = (path: string, item: object): object =>
  Object.fromEntries(
    Object.entries(item).map(([name, value]) => [
      name,
      METHODS.has(name) ? { ...value, security: securityOf(name, path) } : value,
    ]),
  );

/** In OpenAPI 3.1 the list of a scheme names roles; no entry means that none is needed. */
function securityOf(method: string, path: string): object[] {
  const scope = scopeOf(method.toUpperCase(), path.replaceAll(/\{(\w+)\}/g, ':$1'));
  return scope === undefined ? [] : [{ bearer: [scope] }, { password: [scope] }];
}
