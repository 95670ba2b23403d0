const QUALITY = 0.85;

/** Shows the picture of this moment until the next one comes, while the element is given another source. */
export function keepFrame(video: HTMLVideoElement): void {
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d');
  if (!context || video.videoWidth === 0) return;
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  context.drawImage(video, 0, 0);
  video.poster = canvas.toDataURL('image/jpeg', QUALITY);
}
