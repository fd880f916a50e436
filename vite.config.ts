import { defineConfig } from 'vite'

/** Two pages, one for residents and one for engineers, each with its own small bundle. */
export default defineConfig({
  root: 'dashboard/client',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../../dist/client',
    emptyOutDir: true,
    manifest: true,
    rolldownOptions: {
      input: { residents: 'dashboard/client/residents.html', ops: 'dashboard/client/ops.html' },
    },
  },
})
