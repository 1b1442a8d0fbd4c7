import type { WebSocket } from 'ws';

// A display without a machine behind it: RFB 3.8 (RFC 6143) with security type None and raw rectangles. It draws a
// plain desktop, marks what is typed and clicked, and echoes the clipboard.

const FIRST_WIDTH = 1280;
const FIRST_HEIGHT = 720;
const VERSION = 'RFB 003.008\n';
const BAR = 28;

const EXTENDED_DESKTOP_SIZE = -308;
/** As much as the product's graphics adapter shows. */
const MOST_PIXELS = 4 << 20;

type Colour = readonly [number, number, number];

/** What the viewer sent, as it was sent. */
export type Input = { key: number; down: boolean } | { buttons: number; x: number; y: number };

export class MockScreen {
  readonly inputs: Input[] = [];
  readonly #socket: WebSocket;
  #width = FIRST_WIDTH;
  #height = FIRST_HEIGHT;
  #pixels = Buffer.alloc(FIRST_WIDTH * FIRST_HEIGHT * 4);
  /** As SetDesktopSize has them: 16 bytes each. */
  #screens = Buffer.alloc(16);
  /** Told before the next pixels. */
  #sizes: Buffer[] = [];
  /** Whether it follows wishes for another size, and other monitors. */
  divides = true;
  #input = Buffer.alloc(0);
  #state: 'version' | 'security' | 'init' | 'running' = 'version';
  #wanted = false;
  #damaged = true;
  #typed = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    this.#setScreens(FIRST_WIDTH, FIRST_HEIGHT);
    this.#wallpaper();
    socket.on('message', (data: Buffer) => {
      this.#input = Buffer.concat([this.#input, data]);
      while (this.#step());
    });
    socket.send(Buffer.from(VERSION));
  }

  #setScreens(width: number, height: number): void {
    this.#screens = Buffer.alloc(16);
    this.#screens.writeUInt32BE(1, 0);
    this.#screens.writeUInt16BE(width, 8);
    this.#screens.writeUInt16BE(height, 10);
  }

  /** A rectangle of ExtendedDesktopSize. */
  #tellSize(reason: number, status: number): void {
    const size = Buffer.alloc(16);
    size.writeUInt16BE(reason, 0);
    size.writeUInt16BE(status, 2);
    size.writeUInt16BE(this.#width, 4);
    size.writeUInt16BE(this.#height, 6);
    size.writeInt32BE(EXTENDED_DESKTOP_SIZE, 8);
    size[12] = this.#screens.length / 16;
    this.#sizes.push(Buffer.concat([size, this.#screens]));
    this.#update();
  }

  #divide(width: number, height: number, screens: Buffer): void {
    if (width * height > MOST_PIXELS) {
      this.#tellSize(1, 2);
      return;
    }
    this.#tellSize(1, 4);
    if (!this.divides) return;
    this.#width = width;
    this.#height = height;
    this.#screens = Buffer.from(screens);
    this.#pixels = Buffer.alloc(width * height * 4);
    this.#wallpaper();
    // A colour of its own for each monitor, in the corner.
    for (let at = 0, i = 0; at < screens.length; at += 16, i++) {
      this.#fill(screens.readUInt16BE(at + 4), screens.readUInt16BE(at + 6), 40, 40, [i * 80, 40, 200 - i * 60]);
    }
    this.#tellSize(0, 0);
  }

  #wallpaper(): void {
    const [WIDTH, HEIGHT] = [this.#width, this.#height];
    for (let y = 0; y < HEIGHT; y++) {
      for (let x = 0; x < WIDTH; x++) {
        const hill = 470 + 60 * Math.sin(x / 150) + 30 * Math.sin(x / 57 + 2);
        const glow = y > hill ? 0.55 : 1;
        const at = (y * WIDTH + x) * 4;
        this.#pixels[at] = Math.round((150 - y / 9) * glow);
        this.#pixels[at + 1] = Math.round((88 + x / 24 - y / 14) * glow);
        this.#pixels[at + 2] = Math.round((36 + y / 8) * glow);
      }
    }
    this.#fill(0, HEIGHT - BAR, WIDTH, BAR, [28, 34, 46]);
    for (const [i, x] of [12, 44, 76, 108].entries()) this.#fill(x, HEIGHT - 21, 20, 14, [90 + i * 40, 160, 210 - i * 40]);
    this.#fill(180, 90, 620, 380, [18, 22, 30]);
    this.#fill(180, 90, 620, 26, [58, 68, 86]);
    for (const [i, x] of [756, 774].entries()) this.#fill(x, 98, 10, 10, i ? [220, 90, 90] : [150, 160, 175]);
    for (let row = 0; row < 7; row++) this.#fill(194, 130 + row * 22, 90 + ((row * 97) % 380), 10, [120, 200, 140]);
    this.#fill(880, 150, 280, 330, [238, 240, 244]);
    this.#fill(880, 150, 280, 26, [200, 206, 216]);
    for (let row = 0; row < 9; row++) this.#fill(900, 196 + row * 28, 24, 18, [90, 140, 210]);
    for (let row = 0; row < 9; row++) this.#fill(936, 201 + row * 28, 110 + ((row * 53) % 90), 8, [150, 156, 168]);
  }

  #fill(x: number, y: number, width: number, height: number, [red, green, blue]: Colour): void {
    for (let row = y; row < Math.min(this.#height, y + height); row++) {
      for (let column = x; column < Math.min(this.#width, x + width); column++) {
        const at = (row * this.#width + column) * 4;
        this.#pixels[at] = blue;
        this.#pixels[at + 1] = green;
        this.#pixels[at + 2] = red;
      }
    }
    this.#damaged = true;
  }

  #take(length: number): Buffer | undefined {
    if (this.#input.length < length) return undefined;
    const taken = this.#input.subarray(0, length);
    this.#input = this.#input.subarray(length);
    return taken;
  }

  /** Handles one message; false when there is none (yet). */
  #step(): boolean {
    switch (this.#state) {
      case 'version':
        if (!this.#take(12)) return false;
        this.#state = 'security';
        this.#socket.send(Buffer.from([1, 1]));
        return true;
      case 'security':
        if (!this.#take(1)) return false;
        this.#state = 'init';
        this.#socket.send(Buffer.alloc(4));
        return true;
      case 'init': {
        if (!this.#take(1)) return false;
        const name = Buffer.from('mock');
        const init = Buffer.alloc(24 + name.length);
        init.writeUInt16BE(this.#width, 0);
        init.writeUInt16BE(this.#height, 2);
        init.set([32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0], 4);
        init.writeUInt32BE(name.length, 20);
        name.copy(init, 24);
        this.#state = 'running';
        this.#socket.send(init);
        return true;
      }
      case 'running':
        return this.#message();
    }
  }

  #message(): boolean {
    const input = this.#input;
    switch (input[0]) {
      case undefined:
        return false;
      case 0: // SetPixelFormat: ours is what is asked for
        return this.#take(20) !== undefined;
      case 2: {
        const encodings = input.length >= 4 ? this.#take(4 + 4 * input.readUInt16BE(2)) : undefined;
        if (!encodings) return false;
        for (let at = 4; at < encodings.length; at += 4) {
          if (encodings.readInt32BE(at) === EXTENDED_DESKTOP_SIZE) this.#tellSize(0, 0);
        }
        return true;
      }
      case 3: {
        const request = this.#take(10);
        if (!request) return false;
        if (request[1] === 0) this.#damaged = true;
        this.#wanted = true;
        this.#update();
        return true;
      }
      case 4: {
        const key = this.#take(8);
        if (!key) return false;
        this.inputs.push({ key: key.readUInt32BE(4), down: key[1] === 1 });
        if (key[1] === 1) {
          const column = this.#typed++ % 58;
          this.#fill(194 + column * 10, 300 + Math.floor(this.#typed / 58) * 22, 7, 12, [230, 230, 230]);
          this.#update();
        }
        return true;
      }
      case 5: {
        const pointer = this.#take(6);
        if (!pointer) return false;
        this.inputs.push({ buttons: pointer[1] ?? 0, x: pointer.readUInt16BE(2), y: pointer.readUInt16BE(4) });
        if ((pointer[1] ?? 0) & 1) {
          this.#fill(Math.max(0, pointer.readUInt16BE(2) - 3), Math.max(0, pointer.readUInt16BE(4) - 3), 7, 7, [255, 210, 90]);
          this.#update();
        }
        return true;
      }
      case 6: {
        if (input.length < 8) return false;
        const length = Math.abs(input.readInt32BE(4));
        const cut = this.#take(8 + length);
        if (!cut) return false;
        const answer = Buffer.from(cut);
        answer[0] = 3;
        this.#socket.send(answer);
        return true;
      }
      case 251: {
        const layout = input.length >= 8 ? this.#take(8 + 16 * (input[6] ?? 0)) : undefined;
        if (!layout) return false;
        this.#divide(layout.readUInt16BE(2), layout.readUInt16BE(4), layout.subarray(8));
        return true;
      }
      default:
        this.#socket.close(1002, 'unknown message');
        return false;
    }
  }

  #update(): void {
    if (!this.#wanted || (!this.#damaged && this.#sizes.length === 0)) return;
    this.#wanted = false;
    const head = Buffer.alloc(4);
    if (this.#sizes.length > 0) {
      // An update of its own, as the extension has it; the pixels come with the next.
      head.writeUInt16BE(this.#sizes.length, 2);
      this.#socket.send(Buffer.concat([head, ...this.#sizes.splice(0)]));
      return;
    }
    this.#damaged = false;
    head.writeUInt16BE(1, 2);
    const area = Buffer.alloc(12);
    area.writeUInt16BE(this.#width, 4);
    area.writeUInt16BE(this.#height, 6);
    this.#socket.send(Buffer.concat([head, area, this.#pixels]));
  }
}
