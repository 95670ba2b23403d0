import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Where `npm run dev` finds the API: the default port of the upload role. */
const API = 'http://127.0.0.1:8080';
const API_PATHS = ['/upload', '/uploads', '/videos', '/jobs', '/events', '/play'];

export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2022',
    // The player's libraries are large by nature and load only where something plays.
    chunkSizeWarningLimit: 700,
  },
  server: { proxy: Object.fromEntries(API_PATHS.map((path) => [path, API])) },
});
