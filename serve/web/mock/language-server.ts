/** What the language server answers, for states of the editor that are hard to reach. It knows one mistake: `productoin`. */

interface Message {
  id?: number
  method?: string
  params?: { textDocument?: { uri: string; text?: string }; contentChanges?: { text: string }[]; position?: { line: number; character: number } }
}

export const POLICY_FILES = [
  {
    path: 'policies/tags.tagpol',
    text: '/// Stage of the life cycle.\ntag environment: one of [production, staging, development]\n\n/// The owner\'s email address.\ntag owner: email\n',
  },
  {
    path: 'policies/policies.tagpol',
    text: '/// Production resources have an owner.\npolicy production-is-owned {\n  severity critical\n  for resource where environment == production\n  require owner  else "write the owner\'s email address"\n}\n',
  },
]

const MISTAKE = 'productoin'

/** Answers messages of one connection. Returns what is sent back. */
export function languageServer(): (text: string) => string[] {
  const texts = new Map<string, string>()
  const diagnostics = (uri: string) => {
    const lines = (texts.get(uri) ?? '').split('\n')
    const found = lines.flatMap((line, at) => {
      const character = line.indexOf(MISTAKE)
      return character < 0 ? [] : [{ range: range(at, character, MISTAKE.length), severity: 1, code: 'E0012', message: '`environment` has no value `productoin`; did you mean `production`?' }]
    })
    return { method: 'textDocument/publishDiagnostics', params: { uri, diagnostics: found } }
  }
  const answer = ({ method, params }: Message): unknown => {
    const uri = params?.textDocument?.uri ?? ''
    switch (method) {
      case 'initialize':
        return { capabilities: {} }
      case 'textDocument/completion':
        return { items: ['production', 'staging', 'development'].map((label) => ({ label, kind: 20, detail: 'value of environment' })) }
      case 'textDocument/hover':
        return { contents: { kind: 'markdown', value: '**tag** `environment`\n\nStage of the life cycle.\n\n- `production` on 812 resources\n- `staging` on 204' } }
      case 'textDocument/codeAction': {
        const lines = (texts.get(uri) ?? '').split('\n')
        const at = lines.findIndex((line) => line.includes(MISTAKE))
        return at < 0 ? [] : [{ title: 'Change to `production`', kind: 'quickfix', edit: { changes: { [uri]: [{ range: range(at, (lines[at] ?? '').indexOf(MISTAKE), MISTAKE.length), newText: 'production' }] } } }]
      }
      case 'tagpol/runTests':
        return { results: [{ name: 'production is owned', uri: 'file:///project/policies/policies.tagpol', range: range(1, 0, 5), outcome: 'failed', failures: [{ message: '`production-is-owned/owner` finds nothing on `web`', range: range(4, 2, 7) }] }] }
      default:
        return null
    }
  }
  return (text) => {
    const message = JSON.parse(text) as Message
    const { method, params, id } = message
    const uri = params?.textDocument?.uri ?? ''
    if (method === 'textDocument/didOpen') texts.set(uri, params?.textDocument?.text ?? '')
    if (method === 'textDocument/didChange') texts.set(uri, params?.contentChanges?.[0]?.text ?? '')
    if (method === 'textDocument/didClose') texts.delete(uri)
    const replies: unknown[] = id === undefined ? [] : [{ id, result: answer(message) }]
    if (method === 'textDocument/didOpen' || method === 'textDocument/didChange') replies.push(diagnostics(uri))
    return replies.map((reply) => JSON.stringify({ jsonrpc: '2.0', ...(reply as object) }))
  }
}

function range(line: number, character: number, length: number) {
  return { start: { line, character }, end: { line, character: character + length } }
}
