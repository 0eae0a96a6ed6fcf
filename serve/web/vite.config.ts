import react from '@vitejs/plugin-react'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'
import { mockServer } from './mock/server.ts'

/** Where a real server listens, such as `http://127.0.0.1:8080`. Without it the development server uses the mock. */
const backend = process.env.TAGPOL_SERVE_URL

const mock: Plugin = {
  name: 'tagpol-mock',
  configureServer(server) {
    server.middlewares.use(mockServer())
  },
}

export default defineConfig({
  plugins: [react(), ...(backend ? [] : [mock])],
  // The server replaces this text by a new nonce in each response, see `Content-Security-Policy`.
  html: { cspNonce: '__CSP_NONCE__' },
  build: {
    target: 'es2023',
    // Files only: a policy without `data:` would block what is inlined.
    assetsInlineLimit: 0,
    manifest: true,
    chunkSizeWarningLimit: 700,
  },
  server: backend ? { proxy: { '/api': backend } } : {},
  test: {
    projects: [
      { extends: true, test: { name: 'unit', include: ['tests/unit/**/*.test.ts'], environment: 'node' } },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['tests/browser/**/*.test.ts'],
          environment: 'node',
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
