import { Buffer } from 'node:buffer'
import { hash } from 'node:crypto'

// The tree of RFC 6962 (Certificate Transparency): a leaf and a node have different prefixes, so that neither can be
// taken for the other.

const leafOf = (content: string) => hash('sha256', `\0${content}`, 'buffer')
const nodeOf = (left: Buffer, right: Buffer) =>
  hash('sha256', Buffer.concat([Buffer.from([1]), left, right]), 'buffer')

/** The root of a tree whose leaves come one after the other; it keeps one hash for each level. */
export function createTree() {
  const subtrees: { hash: Buffer; leaves: number }[] = []
  let leaves = 0

  return {
    add(content: string): void {
      leaves += 1
      subtrees.push({ hash: leafOf(content), leaves: 1 })
      while (subtrees.length > 1 && subtrees.at(-1)!.leaves === subtrees.at(-2)!.leaves) {
        const right = subtrees.pop()!
        const left = subtrees.pop()!
        subtrees.push({ hash: nodeOf(left.hash, right.hash), leaves: 2 * left.leaves })
      }
    },
    leaves: () => leaves,
    /** In hexadecimal; that of no leaf is the hash of nothing. */
    root(): string {
      const [last, ...others] = subtrees.toReversed()
      if (!last) return hash('sha256', '')
      return others.reduce((right, { hash }) => nodeOf(hash, right), last.hash).toString('hex')
    },
  }
}
