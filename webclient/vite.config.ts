import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: 'target/classes/oriel/webclient',
    emptyOutDir: true,
    target: 'es2023',
    // Inlined assets are data: URLs, which the Content-Security-Policy keeps out of fonts and scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  server: {
    port: 5173,
    proxy: {
      '/api': 'http://127.0.0.1:8090',
      '/display': { target: 'ws://127.0.0.1:8090', ws: true },
    },
  },
  test: {
    environment: 'happy-dom',
    include: ['test/**/*.test.{ts,tsx}'],
    setupFiles: ['test/setup.ts'],
    css: false,
    restoreMocks: true,
    // The browser's and the components' tests want a processor each.
    fileParallelism: false,
    // On a busy machine a browser may miss a deadline once; the report counts it.
    retry: 1,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
