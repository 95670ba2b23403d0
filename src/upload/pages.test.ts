import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import Fastify, { type FastifyInstance } from 'fastify';
import { pagePolicy } from '../lib/browser-headers.ts';
import { addPages } from './pages.ts';

let folder: string;
let app: FastifyInstance;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-pages-'));
  await mkdir(join(folder, 'assets'));
  for (const page of ['index.html', 'embed.html']) await writeFile(join(folder, page), '<!doctype html>');
  await writeFile(join(folder, 'assets', 'index-1.js'), '1');
  app = Fastify();
  app.addHook('onRequest', async (_, reply) => void reply.header('content-security-policy', "default-src 'none'"));
  const mediaOrigins = ['https://e1.example'];
  await addPages(app, folder, {
    page: pagePolicy({ mediaOrigins, frameAncestors: ["'self'"] }),
    embed: pagePolicy({ mediaOrigins, frameAncestors: ['*'] }),
  });
});
after(async () => {
  await app.close();
  await rm(folder, { recursive: true, force: true });
});

const policyOf = async (url: string): Promise<string | undefined> => {
  const { statusCode, headers } = await app.inject({ url });
  assert.equal(statusCode, 200, url);
  return headers['content-security-policy'] as string | undefined;
};

test('pages run scripts of our own files alone, and load media from us and the edges', async () => {
  for (const url of ['/', '/watch/x', '/embed/x']) {
    const rules = new Map((await policyOf(url))!.split('; ').map((rule) => [rule.split(' ')[0], rule]));
    assert.equal(rules.get('default-src'), "default-src 'none'");
    assert.equal(rules.get('script-src'), "script-src 'self'");
    assert.equal(rules.get('connect-src'), "connect-src 'self' https://e1.example");
    assert.equal(rules.get('base-uri'), "base-uri 'none'");
  }
});

test('only the embedded player is shown in frames of others', async () => {
  assert.match((await policyOf('/watch/x'))!, /frame-ancestors 'self'$/);
  assert.match((await policyOf('/embed/x'))!, /frame-ancestors \*$/);
});

test('a script of the build is no document: a worker made of it has the policy of its page', async () => {
  assert.equal(await policyOf('/assets/index-1.js'), undefined);
});
