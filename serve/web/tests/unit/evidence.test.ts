import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findings as mockFindings, compliance, trend } from '../../mock/reports'
import { Inventory, POLICIES } from '../../mock/data'
import { type Evidence, files, frameworksOf, pack, policiesOf } from '../../src/features/compliance/evidence'
import { zip } from '../../src/lib/zip'

const inventory = new Inventory(300)
const AT = new Date('2026-11-30T10:00:00Z')

function evidence(framework: string | null): Evidence {
  const policies = policiesOf(POLICIES, framework)
  return {
    framework,
    summary: compliance(inventory),
    policies,
    findings: mockFindings(inventory, policies.map((policy) => policy.name)),
    trend: trend(inventory),
    decisions: [{ seq: 1, timestamp: AT.toISOString(), performed_by: 'user:1', performed_by_name: 'Ann', action: 'tag.set', project: 'shop', object: 'i-1', details: { tag: 'owner', new: '=1+2' }, hash: 'abc' }],
    verification: { intact: true, entries: 1, broken_at: null, reason: null },
  }
}

test('a pack of a framework has its controls, and only its policies', () => {
  expect(frameworksOf(POLICIES)).toEqual(['iso27001', 'soc2'])
  const made = new Map(files(evidence('soc2'), AT))
  const controls = made.get('controls.csv')?.trim().split('\r\n') ?? []
  expect(controls[0]).toBe('framework,control,policy,check,result,in_scope,open,pending,waived')
  expect(controls.length).toBe(4)
  expect(controls.slice(1).every((line) => line.startsWith('soc2,CC6.1,prod-tagging-standard,'))).toBe(true)
  expect(made.get('findings.csv')).not.toContain('required-tags')
  expect(made.get('waivers.csv')).toContain('DATA-118')
  expect(made.get('README.txt')).toContain('is intact')
  // Values of people cannot become formulas, wherever they are.
  expect(made.get('decisions.csv')).toContain('"{""tag"":""owner"",""new"":""=1+2""}"')
})

test('without the audit trail, the pack says so', () => {
  const made = new Map(files({ ...evidence(null), decisions: null, verification: null }, AT))
  expect(made.has('decisions.csv')).toBe(false)
  expect(made.get('README.txt')).toContain('decisions.csv is left out')
  const broken = new Map(files({ ...evidence(null), verification: { intact: false, entries: 9, broken_at: 4, reason: 'its hash differs' } }, AT))
  expect(broken.get('README.txt')).toContain('broken at entry 4: its hash differs')
})

test('another program reads the file, and the hashes are those of its contents', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tagpol-zip-'))
  try {
    const path = join(folder, 'pack.zip')
    writeFileSync(path, Buffer.from(await (await pack(evidence(null), AT)).arrayBuffer()))
    execFileSync('python3', ['-m', 'zipfile', '-t', path])
    execFileSync('python3', ['-m', 'zipfile', '-e', path, folder])
    const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as { sha256: Record<string, string> }
    expect(Object.keys(manifest.sha256).length).toBe(7)
    for (const [name, hash] of Object.entries(manifest.sha256)) {
      expect([name, createHash('sha256').update(readFileSync(join(folder, name))).digest('hex')]).toEqual([name, hash])
    }
    writeFileSync(path, Buffer.from(await zip([{ name: 'ä/ü.txt', bytes: new TextEncoder().encode('é') }], AT).arrayBuffer()))
    expect(execFileSync('python3', ['-m', 'zipfile', '-l', path]).toString()).toContain('ä/ü.txt')
  } finally {
    rmSync(folder, { recursive: true })
  }
})
