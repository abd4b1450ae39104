import { once } from 'node:events'
import { createServer } from 'node:net'
import { freePort, isFree, ownPort } from '../src'

const onLinux = process.platform === 'linux' ? test : test.skip

onLinux('a port on which anything listens, on whichever address, is not free on all of them', async () => {
  const port = await freePort()
  expect(await isFree(port)).toBe(true)
  const other = createServer().listen(port, '127.9.9.9')
  await once(other, 'listening')
  expect(await isFree(port)).toBe(false)
  await once(other.close(), 'close')
})

test('no port is given for all addresses that another process may be given for its own, nor one twice', async () => {
  const [ofAll, own] = [[] as number[], [] as number[]]
  for (let n = 0; n < 100; n += 1) {
    ofAll.push(await freePort())
    own.push(await ownPort())
  }
  expect(new Set([...ofAll, ...own]).size).toBe(200)
  expect(Math.max(...own)).toBeLessThan(Math.min(...ofAll))
})
