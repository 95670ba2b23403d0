import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { parsePage } from './navigation/parse-page.ts';
import { preloadPlayer } from './player/load-player.ts';
import { discardFile, sendFile } from './upload/send-file.ts';
import { lockedWhile } from './upload/transfer-locks.ts';
import { createUploadQueue } from './upload/upload-queue.ts';
import { parseWish } from './watch/parse-wish.ts';
import './styles/base.css';
import './styles/controls.css';
import './styles/states.css';
import './styles/notices.css';
import './styles/library.css';
import './styles/library-filter.css';
import './styles/poster.css';
import './styles/upload.css';
import './styles/frame.css';
import './styles/panels.css';
import './styles/watch.css';
import './styles/work.css';
import './styles/tracks.css';
import './styles/system.css';

const { pathname, search } = window.location;
const page = parsePage(pathname);
if (page.name === 'watch') preloadPlayer(parseWish(search).tech);

const clock = { nowMs: () => performance.timeOrigin + performance.now() };
const uploads = createUploadQueue({ send: lockedWhile(sendFile), discard: discardFile, clock });

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');
createRoot(root).render(
  <StrictMode>
    <App uploads={uploads} clock={clock} />
  </StrictMode>,
);
