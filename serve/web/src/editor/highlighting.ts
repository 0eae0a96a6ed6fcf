/** Colors of the language before the server has read anything: words, texts, numbers and comments. */
import { HighlightStyle, StreamLanguage, syntaxHighlighting } from '@codemirror/language'
import { tags } from '@lezer/highlight'

const ITEMS = new Set('use tag normalize define rule policy exempt test table infer goal allocate list relation'.split(' '))

const KEYWORDS = new Set(
  `require forbid when where for every each set fill severity grace escalate to after until because keys map otherwise transform
  suggest apply at least most coverage of by count cost from split proportional even fixed expect given import control remediate
  is in not and or missing word has contains starts ends with matches like within last days else one priority resource charges
  violation no exempt`.split(/\s+/),
)

const language = StreamLanguage.define<{ isText: boolean }>({
  name: 'tagpol',
  startState: () => ({ isText: false }),
  token: (stream) => {
    if (stream.eatSpace()) return null
    if (stream.match('//')) {
      stream.skipToEnd()
      return 'comment'
    }
    if (stream.match(/"(?:[^"\\]|\\.)*"?/)) return 'string'
    if (stream.match(/\/(?:[^/\\\s]|\\.)(?:[^/\\]|\\.)*\//)) return 'regexp'
    if (stream.match(/\d{4}-\d{2}-\d{2}/) || stream.match(/\d+(\.\d+)?%?/)) return 'number'
    const word = stream.match(/[A-Za-z_][\w]*(?:-\w+)*/)
    if (Array.isArray(word)) {
      const [text = ''] = word
      if (ITEMS.has(text)) return 'keyword'
      return KEYWORDS.has(text) ? 'operatorKeyword' : 'variableName'
    }
    stream.next()
    return null
  },
  languageData: { commentTokens: { line: '//' }, closeBrackets: { brackets: ['(', '[', '{', '"'] } },
})

const style = HighlightStyle.define([
  { tag: tags.comment, class: 'token-comment' },
  { tag: tags.string, class: 'token-string' },
  { tag: tags.regexp, class: 'token-string' },
  { tag: tags.number, class: 'token-number' },
  { tag: tags.keyword, class: 'token-keyword' },
  { tag: tags.operatorKeyword, class: 'token-word' },
])

export const highlighting = [language, syntaxHighlighting(style)]
