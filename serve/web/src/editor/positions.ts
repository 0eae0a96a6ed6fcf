import type { Text } from '@codemirror/state'
import type { Position, Range, TextEdit } from './language-client'

/** A place of the editor as the protocol has it. Both count UTF-16 code units. */
export function positionOf(text: Text, offset: number): Position {
  const line = text.lineAt(Math.min(Math.max(0, offset), text.length))
  return { line: line.number - 1, character: offset - line.from }
}

/** A place of the protocol, as near as the text has one: it may be of an older text. */
export function offsetOf(text: Text, { line, character }: Position): number {
  if (line >= text.lines) return text.length
  const found = text.line(line + 1)
  return Math.min(found.from + character, found.to)
}

export function spanOf(text: Text, range: Range): { from: number; to: number } {
  return { from: offsetOf(text, range.start), to: offsetOf(text, range.end) }
}

export function changesOf(text: Text, edits: readonly TextEdit[]): { from: number; to: number; insert: string }[] {
  return edits.map((edit) => ({ ...spanOf(text, edit.range), insert: edit.newText }))
}
