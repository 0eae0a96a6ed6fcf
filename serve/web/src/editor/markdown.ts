/** The Markdown of hovers and offers as elements: headings, paragraphs, lists, code, and bold text. Nothing else is markup. */

function inline(parent: HTMLElement, text: string): void {
  for (const part of text.split(/(`[^`]+`|\*\*[^*]+\*\*|\[[^\]]+\]\([^)]*\))/)) {
    const link = /^\[([^\]]+)\]\(/.exec(part)
    if (part.startsWith('`') && part.length > 2) append(parent, 'code', part.slice(1, -1))
    else if (part.startsWith('**') && part.length > 4) append(parent, 'strong', part.slice(2, -2))
    else parent.append(link?.[1] ?? part)
  }
}

function append(parent: HTMLElement, tag: string, text: string): HTMLElement {
  const element = document.createElement(tag)
  element.textContent = text
  parent.append(element)
  return element
}

function paragraph(parent: HTMLElement, tag: string, text: string): void {
  const element = document.createElement(tag)
  inline(element, text)
  parent.append(element)
}

export function markdown(text: string): HTMLElement {
  const root = document.createElement('div')
  root.className = 'markdown'
  const lines = text.replaceAll('\r\n', '\n').split('\n')
  let at = 0
  while (at < lines.length) {
    const line = lines[at] ?? ''
    if (line.startsWith('```')) {
      const end = lines.findIndex((one, n) => n > at && one.startsWith('```'))
      append(root, 'pre', lines.slice(at + 1, end === -1 ? undefined : end).join('\n'))
      at = end === -1 ? lines.length : end + 1
      continue
    }
    if (/^(-{3,}|\*{3,})$/.test(line)) root.append(document.createElement('hr'))
    else if (/^#{1,6} /.test(line)) paragraph(root, 'p', `**${line.replace(/^#+ /, '')}**`)
    else if (/^\s*[-*] /.test(line)) {
      const list = document.createElement('ul')
      for (; /^\s*[-*] /.test(lines[at] ?? ''); at++) paragraph(list, 'li', (lines[at] ?? '').replace(/^\s*[-*] /, ''))
      root.append(list)
      continue
    } else if (line.startsWith('|')) {
      const from = at
      while (lines[at]?.startsWith('|')) at++
      append(root, 'pre', lines.slice(from, at).filter((one) => !/^\|[\s:|-]+\|?$/.test(one)).join('\n'))
      continue
    } else if (line.trim() !== '') {
      const from = at
      while (at + 1 < lines.length && /\S/.test(lines[at + 1] ?? '') && !/^(```|#|\||\s*[-*] |-{3,}$)/.test(lines[at + 1] ?? '')) at++
      paragraph(root, 'p', lines.slice(from, at + 1).join(' '))
    }
    at++
  }
  return root
}
