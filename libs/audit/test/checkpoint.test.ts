import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { JWK } from 'jose'
import {
  createTree,
  leafOfHead,
  readCheckpoint,
  signCheckpoint,
  verifyExport,
  type Head,
  type TreeCheckpoint,
} from '../src'

const fixture = (name: string) => readFileSync(join(__dirname, 'fixtures', name), 'utf8')
const lines = () => fixture('export.ndjson').trimEnd().split('\n')
const verify = (text: readonly string[], checkpoint: Parameters<typeof verifyExport>[1]) =>
  verifyExport(Readable.from(text) as AsyncIterable<string>, checkpoint)

/** A checkpoint of all that is in the export, with or without its heads. */
function checkpointOf(at: string, withHeads: boolean): TreeCheckpoint {
  const counters = lines()
    .map((line) => JSON.parse(line) as Head & { type: string })
    .filter(({ type }) => type === 'counter')
  const heads = counters.map(({ prefix, period, batch, head }) => ({ prefix, period, batch, head }))
  const tree = createTree()
  for (const head of heads) tree.add(leafOfHead(head))
  return {
    type: 'ordinal-checkpoint-v2',
    at,
    feed: 1_000_000,
    prefix: null,
    period: null,
    counters: heads.length,
    root: tree.root(),
    register: null,
    ...(withHeads && { heads }),
  }
}
const later = '2026-11-21T15:00:00.000000Z'

test('a checkpoint of the first version, with heads and without a tree, is still compared', async () => {
  const { keys } = JSON.parse(fixture('keys.json')) as { keys: JWK[] }
  const checkpoint = await readCheckpoint(fixture('checkpoint.txt'), keys)
  expect(checkpoint.type).toBe('ordinal-checkpoint-v1')
  expect(await verify(lines(), [checkpoint])).toMatchObject({
    fits: true,
    heads: { compared: 4, outside: 0 },
  })
})

test.each([true, false])('a tree is compared, with its heads in it or not (%s)', async (withHeads) => {
  const report = await verify(lines(), [checkpointOf(later, withHeads)])
  expect(report).toMatchObject({ fits: true, heads: { compared: 4, outside: 0 } })
})

describe('what a checkpoint has, and the export does not,', () => {
  const madeAt = '2026-11-21T14:28:42.909Z'
  /** The details of what is found, by a checkpoint with one counter and one entry of the register more. */
  async function detailsAt(at: string, withHeads: boolean) {
    const { heads = [], ...tree } = checkpointOf(at, withHeads)
    const more = { prefix: 'ZZ', period: '', batch: 11, head: 'ab'.repeat(32) }
    const register = { entry: 9, hash: 'cd'.repeat(32) }
    const checkpoint = { ...tree, counters: 5, root: 'ef'.repeat(32), register }
    const { fits, findings } = await verify(lines(), [
      withHeads ? { ...checkpoint, heads: [...heads, more] } : checkpoint,
    ])
    expect(fits).toBe(false)
    return findings.map(({ detail }) => detail)
  }

  test.each([true, false])(
    'may have been written since, if the checkpoint is younger (heads: %s)',
    async (withHeads) => {
      const details = await detailsAt(later, withHeads)
      expect(details).toHaveLength(2)
      for (const detail of details) {
        expect(detail).toContain(`read before that, at ${madeAt}`)
        expect(detail).toContain('The last checkpoint from before the reading can tell')
        expect(detail).not.toContain('has none now')
      }
    },
  )

  test.each([true, false])('was there, if the checkpoint is not younger (heads: %s)', async (withHeads) => {
    const details = await detailsAt(madeAt, withHeads)
    expect(details.join()).toContain('has none now: its end was cut off')
    expect(details.join()).not.toContain('read before')
  })
})

test('a counter that a checkpoint does not have, dated before it, is found by its root and by its heads', async () => {
  for (const withHeads of [true, false]) {
    const checkpoint = checkpointOf(later, withHeads)
    const kept = (checkpoint.heads ?? []).filter(({ period }) => period !== '2019')
    const tree = createTree()
    for (const head of checkpointOf(later, true).heads!.filter(({ period }) => period !== '2019'))
      tree.add(leafOfHead(head))
    const older = { ...checkpoint, counters: 3, root: tree.root(), ...(withHeads && { heads: kept }) }
    const { fits, findings } = await verify(lines(), [older])
    expect(fits).toBe(false)
    expect(findings[0]).toMatchObject(
      withHeads ? { kind: 'backdated', prefix: 'INV', period: '2019' } : { kind: 'added', prefix: null },
    )
  }
})

test('a tree has the roots of RFC 6962', () => {
  const rootOf = (leaves: string[]) => {
    const tree = createTree()
    for (const leaf of leaves) tree.add(leaf)
    return tree.root()
  }
  // Of the reference implementation of Certificate Transparency, whose first leaf is empty and whose second is a zero.
  expect(rootOf([])).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  expect(rootOf([''])).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d')
  expect(rootOf(['', '\0'])).toBe('fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125')
  expect(rootOf(['', '\0', '\x10'])).toBe('aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77')
})

test('a checkpoint of 60,001 counters is a text of less than a kilobyte', async () => {
  const tree = createTree()
  for (let n = 0; n <= 60_000; n += 1)
    tree.add(leafOfHead({ prefix: 'INV', period: String(n), batch: n, head: 'ab'.repeat(32) }))
  const { heads: _, ...checkpoint } = checkpointOf(later, false)
  const { privateKey } = generateKeyPairSync('ed25519')
  const of = {
    ...checkpoint,
    counters: tree.leaves(),
    root: tree.root(),
    register: { entry: 9, hash: tree.root() },
  }
  expect((await signCheckpoint(of, privateKey)).length).toBeLessThan(1024)
})
