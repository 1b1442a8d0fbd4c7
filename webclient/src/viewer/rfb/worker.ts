import { Engine } from './engine';
import type { FromEngine, ToEngine } from './messages';

const engine = new Engine(
  (message: FromEngine) => {
    const transfer = message.kind === 'cursor' && message.cursor ? [message.cursor.rgba.buffer] : [];
    postMessage(message, { transfer });
  },
  (width, height) => new OffscreenCanvas(width, height),
);

/** For a proper end of the connection; then this thread goes, whatever the other end does. */
const FAREWELL_MS = 1_000;

addEventListener('message', ({ data }: MessageEvent<ToEngine>) => {
  engine.handle(data);
  if (data.kind === 'close') setTimeout(() => close(), FAREWELL_MS);
});
