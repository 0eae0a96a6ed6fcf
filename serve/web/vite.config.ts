import react from '@vitejs/plugin-react'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { mockServer } from './mock/server.ts'

/** Where a real server listens, such as `http://127.0.0.1:8080`. Without it the development server uses the mock. */
const backend = process.env.TAGPOL_SERVE_URL

const mock: Plugin = {
  name: 'tagpol-mock',
  configureServer(server) {
    server.middlewares.use(mockServer())
  },
}

/** The demonstration takes longest to start, so that it begins first. */
class DemoFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isDemo = (file: TestSpecification) => file.moduleId.endsWith('demo.test.ts')
    const sorted = await super.sort(files)
    return [...sorted.filter(isDemo), ...sorted.filter((file) => !isDemo(file))]
  }
}

export default defineConfig({
  plugins: [react(), ...(backend ? [] : [mock])],
  // The server replaces this text by a new nonce in each response, see `Content-Security-Policy`.
  html: { cspNonce: '__CSP_NONCE__' },
  build: {
    target: 'es2023',
    outDir: 'embed/dist',
    // Files only: a policy without `data:` would block what is inlined.
    assetsInlineLimit: 0,
    manifest: true,
    chunkSizeWarningLimit: 700,
  },
  server: backend ? { proxy: { '/api': backend } } : {},
  test: {
    // The server and its browser take about one core each.
    maxWorkers: 2,
    sequence: { sequencer: DemoFirst },
    // On a busy machine pages take their time.
    expect: { poll: { timeout: 15_000 } },
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
        },
      },
    ],
  },
})
