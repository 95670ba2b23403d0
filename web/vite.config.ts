import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

/** Where `npm run dev` finds the API: the default port of the upload role. */
const API = 'http://127.0.0.1:8080';
const API_PATHS = ['/upload', '/uploads', '/videos', '/jobs', '/tasks', '/workers', '/events', '/play'];

export default defineConfig({
  plugins: [react(), compressOnce()],
  build: {
    target: 'es2022',
    rolldownOptions: { input: ['index.html', 'embed.html'].map((name) => `${import.meta.dirname}/${name}`) },
    // The player's libraries are large by nature and load only where something plays.
    chunkSizeWarningLimit: 700,
  },
  server: { proxy: Object.fromEntries(API_PATHS.map((path) => [path, API])) },
});

/** The best one, 11, takes ten times as long for a tenth less. */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };

/** Text is compressed here, so that the server only picks the form that a browser takes. */
function compressOnce(): Plugin {
  const brotli = promisify(brotliCompress);
  const forms = { br: (bytes: Uint8Array) => brotli(bytes, BROTLI), gz: promisify(gzip) };
  return {
    name: 'compress-once',
    apply: 'build',
    async writeBundle({ dir = '' }, bundle) {
      const texts = Object.keys(bundle).filter((name) => /\.(js|css|html|svg)$/.test(name));
      for (const path of texts.map((name) => join(dir, name))) {
        const bytes = await readFile(path);
        for (const [form, compress] of Object.entries(forms)) await writeFile(`${path}.${form}`, await compress(bytes));
      }
    },
  };
}
