/** Blocks of tagpol in Markdown. */

export default {
  scopeName: 'markdown.tagpol.codeblock',
  injectionSelector: 'L:text.html.markdown',
  patterns: [{ include: '#block' }],
  repository: {
    block: {
      begin: '(^|\\G)(\\s*)(`{3,}|~{3,})\\s*(?i:(tagpol)(\\s+[^`~]*)?$)',
      end: '(^|\\G)(\\2|\\s{0,3})(\\3)\\s*$',
      name: 'markup.fenced_code.block.markdown',
      beginCaptures: {
        3: { name: 'punctuation.definition.markdown' },
        4: { name: 'fenced_code.block.language' },
        5: { name: 'fenced_code.block.language.attributes' },
      },
      endCaptures: { 3: { name: 'punctuation.definition.markdown' } },
      patterns: [
        {
          begin: '(^|\\G)(\\s*)(.*)',
          while: '(^|\\G)(?!\\s*([`~]{3,})\\s*$)',
          contentName: 'meta.embedded.block.tagpol',
          patterns: [{ include: 'source.tagpol' }],
        },
      ],
    },
  },
};
