import RFB from '@novnc/novnc';

/** The server's side of a connection that was over long ago: noVNC is given what was recorded, and says nothing. */
class Past {
  binaryType: BinaryType = 'arraybuffer';
  readonly protocol = '';
  readyState: 'open' | 'closed' = 'open';
  onopen: unknown = null;
  onerror: unknown = null;
  onclose: unknown = null;
  #listener: ((event: { data: ArrayBuffer }) => void) | null = null;
  #early: ArrayBuffer[] | undefined = [];

  get onmessage() {
    return this.#listener;
  }

  /** noVNC listens a moment after it was made, and is ready to hear a moment after that. */
  set onmessage(listener) {
    this.#listener = listener;
    queueMicrotask(() => {
      const early = this.#early;
      this.#early = undefined;
      for (const data of early ?? []) this.#listener?.({ data });
    });
  }

  feed(bytes: Uint8Array<ArrayBuffer>): void {
    const data = bytes.slice().buffer;
    if (this.#early === undefined) this.#listener?.({ data });
    else this.#early.push(data);
  }

  send(): void {
    // The past can't be changed.
  }

  close(): void {
    this.readyState = 'closed';
  }
}

/** One segment's picture. It lies on top of those made before it in the same place, and is transparent until drawn. */
export class Decoder {
  readonly #past = new Past();
  readonly #rfb: RFB;
  readonly #layer = document.createElement('div');

  constructor(place: HTMLElement) {
    this.#layer.className = 'oriel-recording__layer';
    place.append(this.#layer);
    this.#rfb = new RFB(this.#layer, this.#past as unknown as WebSocket, { shared: true });
    this.#rfb.viewOnly = true;
    this.#rfb.focusOnClick = false;
    this.#rfb.scaleViewport = true;
    this.#rfb.background = 'transparent';
  }

  feed(bytes: Uint8Array<ArrayBuffer>): void {
    this.#past.feed(bytes);
    // Two steps of the handshake leave what follows them in noVNC's queue until the next message, where a server would
    // wait for an answer. An empty message is one, and means nothing later on.
    for (let step = 0; step < 3; step++) this.#past.feed(new Uint8Array(0));
  }

  close(): void {
    this.#rfb.disconnect();
    this.#layer.remove();
  }
}
