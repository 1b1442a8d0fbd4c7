import type { FromEngine, ToEngine } from './messages';
import EngineWorker from './worker?worker';

/** An engine at work, wherever it is. */
export interface EngineHost {
  tell(message: ToEngine, transfer?: Transferable[]): void;
  /** Has another monitor drawn on a canvas, maybe of another window. */
  addScreen(id: number, canvas: HTMLCanvasElement): void;
  /** Ends it, with its connection. */
  end(): void;
}

/** Whether canvases can be drawn on by another thread. */
function canMove(canvas: HTMLCanvasElement): boolean {
  return typeof Worker !== 'undefined' && 'transferControlToOffscreen' in canvas;
}

/** Starts an engine for a canvas: in a worker, or where the browser can't, in the page. */
export function startEngine(
  canvas: HTMLCanvasElement,
  open: Omit<ToEngine & { kind: 'open' }, 'canvas' | 'kind'>,
  hear: (message: FromEngine) => void,
): EngineHost {
  if (!canMove(canvas)) return inPage(canvas, open, hear);
  const worker = new EngineWorker();
  worker.addEventListener('message', ({ data }: MessageEvent<FromEngine>) => hear(data));
  // It can't be loaded, or has a fault: the connection is lost, and the next attempt starts another.
  worker.addEventListener('error', () => hear({ kind: 'closed', code: 1006, reason: 'the worker failed' }));
  const offscreen = canvas.transferControlToOffscreen();
  worker.postMessage({ kind: 'open', canvas: offscreen, ...open } satisfies ToEngine, [offscreen]);
  return {
    tell: (message, transfer = []) => worker.postMessage(message, transfer),
    addScreen: (id, screen) => {
      const moved = screen.transferControlToOffscreen();
      worker.postMessage({ kind: 'addScreen', id, canvas: moved } satisfies ToEngine, [moved]);
    },
    end: () => worker.postMessage({ kind: 'close' } satisfies ToEngine),
  };
}

function inPage(
  canvas: HTMLCanvasElement,
  open: Omit<ToEngine & { kind: 'open' }, 'canvas' | 'kind'>,
  hear: (message: FromEngine) => void,
): EngineHost {
  const newCanvas = (width: number, height: number): HTMLCanvasElement => {
    const made = document.createElement('canvas');
    made.width = width;
    made.height = height;
    return made;
  };
  const engine = import('./engine').then(({ Engine }) => new Engine(hear, newCanvas));
  const tell = (message: ToEngine): void => void engine.then((started) => started.handle(message));
  tell({ kind: 'open', canvas, ...open });
  return {
    tell,
    addScreen: (id, screen) => tell({ kind: 'addScreen', id, canvas: screen }),
    end: () => tell({ kind: 'close' }),
  };
}
