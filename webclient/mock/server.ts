import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { WebSocketServer, type WebSocket } from 'ws';
import { MockBroker, type MockOptions } from './broker';
import { MockScreen } from './screen';

/** What the broker sends with every page; kept here so that the tests run under it. */
export const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
  "manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2', '.json': 'application/json',
};

export interface MockServer {
  broker: MockBroker;
  url: string;
  /** The open display sockets. */
  displays: Set<WebSocket>;
  /** Every screen that was shown, the last one last. */
  screens: MockScreen[];
  close(): Promise<void>;
}

/** Serves the built client below `assets`, the API and the display, as the broker does. */
export async function serve(assets: string, port = 0, options: MockOptions = {}): Promise<MockServer> {
  const broker = new MockBroker(options);
  const displays = new Set<WebSocket>();
  const screens: MockScreen[] = [];
  const sessions = new Map<WebSocket, string>();
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/api/') || request.url === '/health/ready') void api(broker, request, response);
    else file(assets, request, response);
  });
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'binary' });

  broker.cut = (sessionId, code) => {
    for (const [socket, of] of sessions) if (of === sessionId) socket.close(code);
  };
  server.on('upgrade', (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, (display) => {
      const ticket = /oriel\.ticket\.([^,\s]+)/.exec(request.headers['sec-websocket-protocol'] ?? '')?.[1] ?? '';
      const sessionId = broker.consume(ticket);
      if (!sessionId) {
        display.close(4401, 'ticket refused');
        return;
      }
      for (const [other, of] of sessions) if (of === sessionId) other.close(4003);
      displays.add(display);
      sessions.set(display, sessionId);
      if (sessionId.startsWith('watch:') || sessionId.startsWith('edit:')) {
        display.on('close', () => {
          displays.delete(display);
          sessions.delete(display);
        });
        new MockScreen(display);
        return;
      }
      broker.display(sessionId, 'CONNECTED');
      display.on('close', () => {
        displays.delete(display);
        sessions.delete(display);
        if (![...sessions.values()].includes(sessionId)) broker.display(sessionId, 'DISCONNECTED');
      });
      screens.push(new MockScreen(display));
    });
  });

  await new Promise<void>((listening) => server.listen(port, '127.0.0.1', listening));
  return {
    broker,
    displays,
    screens,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      for (const display of displays) display.terminate();
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

async function api(broker: MockBroker, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const method = request.method ?? 'GET';
  const answer = await broker.handle(
    new Request(`http://${request.headers.host}${request.url}`, {
      method,
      headers: request.headers as Record<string, string>,
      ...(method !== 'GET' && chunks.length > 0 && { body: Buffer.concat(chunks) }),
    }),
  );
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  const reader = answer.body?.getReader();
  response.on('close', () => void reader?.cancel().catch(() => undefined));
  for (;;) {
    const part = await reader?.read();
    if (!part || part.done) break;
    response.write(part.value);
  }
  response.end();
}

function file(assets: string, request: IncomingMessage, response: ServerResponse): void {
  const path = normalize(new URL(request.url ?? '/', 'http://mock').pathname);
  const asset = join(assets, path);
  // Every other path is a page of the client.
  const found = path !== '/' && extname(path) !== '' ? asset : join(assets, 'index.html');
  if (!existsSync(found)) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, {
    'Content-Type': TYPES[extname(found)] ?? 'application/octet-stream',
    'Content-Security-Policy': CONTENT_SECURITY_POLICY,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
  });
  response.end(readFileSync(found));
}
