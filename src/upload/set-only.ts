/** Optional properties of a parsed query, as the domain has them: absent instead of undefined. */
type SetOnly<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

export const setOnly = <T extends object>(query: T): SetOnly<T> =>
  Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)) as SetOnly<T>;
