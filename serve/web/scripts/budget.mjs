// Fails if the first page needs more script than it may: everything that index.html loads before a page is shown.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const LIMIT = 200_000

const manifest = JSON.parse(readFileSync('embed/dist/.vite/manifest.json', 'utf8'))
const entry = Object.values(manifest).find((chunk) => chunk.isEntry)
if (!entry) throw new Error('embed/dist/.vite/manifest.json has no entry; run `vite build` first')

const files = new Set()
const visit = (chunk) => {
  if (files.has(chunk.file)) return
  files.add(chunk.file)
  for (const name of chunk.imports ?? []) visit(manifest[name])
}
visit(entry)

const sizes = [...files].map((file) => [file, gzipSync(readFileSync(`embed/dist/${file}`), { level: 9 }).length])
const total = sizes.reduce((sum, [, size]) => sum + size, 0)
for (const [file, size] of sizes) console.log(`${String(size).padStart(8)}  ${file}`)
console.log(`${String(total).padStart(8)}  first script, gzip; at most ${LIMIT}`)
if (total > LIMIT) {
  console.error('The first script is too large. Load what the first page does not need on demand.')
  process.exit(1)
}
