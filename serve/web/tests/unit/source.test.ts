/** Imports go one way: pages know parts, parts know `ui`, `lib` and `api`, and no page knows another. */
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file) && !file.endsWith('.d.ts'))

/** Folders that a folder may import from. `app` holds the session and the theme, which everything may ask for. */
const ALLOWED: Record<string, RegExp> = {
  api: /^api$/,
  lib: /^(api|lib)$/,
  ui: /^(api|lib|ui|app\/theme)$/,
  editor: /^(api|lib|editor|app\/theme)$/,
  parts: /^(api|lib|ui|parts|app\/session)$/,
  features: /^(api|lib|ui|parts|editor|app\/(session|theme|shortcuts|router))$/,
  app: /^(api|lib|ui|parts|app|features)/,
}

function targets(file: string): string[] {
  const folder = file.split('/').slice(0, -1)
  const found = [...readFileSync(`src/${file}`, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)]
  return found.map(([, path = '']) => {
    const parts = [...folder]
    for (const part of path.split('/')) {
      if (part === '..') parts.pop()
      else if (part !== '.') parts.push(part)
    }
    return parts.join('/')
  })
}

test('no import goes the wrong way', () => {
  const wrong = files.flatMap((file) => {
    const [folder = '', feature = ''] = file.split('/')
    return targets(file)
      .filter((target) => !target.endsWith('.css'))
      .filter((target) => {
        const [other = '', name = ''] = target.split('/')
        if (folder === 'features' && other === 'features') return name !== feature
        const place = other === 'app' ? `app/${name}` : other
        return !(ALLOWED[folder]?.test(place) || ALLOWED[folder]?.test(other))
      })
      .map((target) => `${file} imports ${target}`)
  })
  expect(wrong).toEqual([])
})

test('no page sets styles or markup that the Content-Security-Policy would block', () => {
  const wrong = files.filter((file) => /dangerouslySetInnerHTML|innerHTML|setAttribute\('style'|\beval\(|new Function/.test(readFileSync(`src/${file}`, 'utf8')))
  expect(wrong).toEqual([])
})

test('no selector of a style sheet is set in two of them', () => {
  const sheets = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.css') && !file.startsWith('styles/'))
  const places = new Map<string, Set<string>>()
  for (const sheet of sheets) {
    for (const [, selector = ''] of readFileSync(`src/${sheet}`, 'utf8').matchAll(/^([^@\s{}][^{}]*) \{$/gm)) places.set(selector, (places.get(selector) ?? new Set()).add(sheet))
  }
  expect(places.size).toBeGreaterThan(100)
  expect([...places].filter(([, found]) => found.size > 1).map(([selector, found]) => `${selector}: ${[...found].join(', ')}`)).toEqual([])
})
