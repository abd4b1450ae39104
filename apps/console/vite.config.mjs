import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { offlineAliases } from './offline/aliases.mjs'

const root = resolve(import.meta.dirname, '../..')

// `npx vite` in this folder serves the sources as they are, with the sequencer of `make run` behind them.
export default defineConfig({
  root: import.meta.dirname,
  // Names are relative: index.html says in its <base> where it is.
  base: './',
  plugins: [react()],
  resolve: {
    alias: offlineAliases,
    conditions: ['@ordinal/source', 'module', 'browser', 'development|production'],
  },
  define: {
    'import.meta.env.VERSION': JSON.stringify(
      JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version,
    ),
  },
  build: {
    outDir: join(root, 'dist/apps/console'),
    emptyOutDir: true,
    // What is inlined would be refused by the content policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // What every page needs is one file rather than forty: each costs a request before anything can run.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'first', tags: ['$initial'] }] } } },
    target: 'es2022',
    cssTarget: 'chrome123',
    reportCompressedSize: false,
    chunkSizeWarningLimit: 600,
  },
  server: {
    proxy: Object.fromEntries(
      ['/dashboard/config.json', '/api', '/health', '/metrics'].map((path) => [
        path,
        'http://localhost:8083',
      ]),
    ),
  },
})
