/** The header that lets a command in where the server asks for an API key. */
export function authorization(environment: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const { MILLRACE_API_KEY: key = '' } = environment;
  return key === '' ? {} : { authorization: `Bearer ${key}` };
}
