/** Files of inventories and bills: what the server reads, and how they are sent. */
import { address, Problem, refused } from '../api/client'

/** Endings of names by which the server tells formats apart. */
export const ENDINGS = ['csv', 'tsv', 'json', 'jsonl', 'ndjson', 'parquet', 'gz', 'zst'] as const

const TYPES: Record<(typeof ENDINGS)[number], string> = {
  csv: 'text/csv',
  tsv: 'text/tab-separated-values',
  json: 'application/json',
  jsonl: 'application/x-ndjson',
  ndjson: 'application/x-ndjson',
  parquet: 'application/vnd.apache.parquet',
  gz: 'application/gzip',
  zst: 'application/zstd',
}

function endingOf(name: string): (typeof ENDINGS)[number] | undefined {
  const ending = name.slice(name.lastIndexOf('.') + 1).toLowerCase()
  return name.includes('.') ? ENDINGS.find((one) => one === ending) : undefined
}

/** Why a file cannot be sent; undefined if it can. */
export function refusal(file: { name: string; size: number }): string | undefined {
  if (!endingOf(file.name)) return `The name has to end with one of ${ENDINGS.map((one) => `.${one}`).join(', ')}.`
  if (file.size === 0) return 'The file is empty.'
  return undefined
}

/** The name that the server gets: letters, digits, dots, hyphens and underscores, and the ending, by which it reads the file. */
export function sentName(name: string): string {
  const plain = name.normalize('NFKD').replaceAll(/\p{M}+/gu, '').replaceAll(/[^A-Za-z0-9._-]+/g, '-')
  const short = plain.slice(-200).replace(/^[.-]+/, '')
  // Nothing is left of a name in another script but its ending.
  return short.includes('.') ? short : `file.${short}`
}

/**
 * Sends a file, and reports the share that was sent.
 * @throws {Problem} for every response that is not a success, and if it was stopped.
 */
export function sendFile<T>(path: string, file: File, onProgress: (share: number) => void, signal: AbortSignal): Promise<T> {
  // `fetch` does not report how far it is.
  const sending = new XMLHttpRequest()
  return new Promise((resolve, reject) => {
    const lost = () => reject(new Problem({ status: 0, code: 'unreachable', title: 'The server cannot be reached', detail: 'The file was not sent whole. Try it again.' }))
    sending.open('POST', address(path, { name: sentName(file.name) }))
    sending.setRequestHeader('accept', 'application/json')
    sending.setRequestHeader('content-type', TYPES[endingOf(file.name) ?? 'csv'])
    sending.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total)
    sending.onerror = lost
    sending.onabort = lost
    sending.onload = () => {
      if (sending.status >= 200 && sending.status < 300) resolve(JSON.parse(sending.responseText) as T)
      else reject(refused(path, sending.status, sending.responseText))
    }
    signal.addEventListener('abort', () => sending.abort())
    sending.send(file)
  })
}
