import { defineConfig } from 'vite';

/** The viewer alone, for tests and measurements that put it on a page of their own. Not part of the product. */
export default defineConfig({
  base: './',
  build: {
    outDir: 'target/viewer',
    emptyOutDir: true,
    copyPublicDir: false,
    target: 'es2023',
    lib: { entry: 'src/viewer/display.ts', formats: ['es'], fileName: 'display' },
  },
});
