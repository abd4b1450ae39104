import { spawn } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { clientOf, endAll, failureOf, get, startRawServer, startServer } from './servers'

afterEach(endAll)

describe('the timeout covers', () => {
  async function expectTimeout(baseUrl: string) {
    const start = performance.now()
    expect(await failureOf(clientOf(baseUrl, { timeoutMs: 2_500 }).request(get))).toMatchObject({
      reason: 'timeout',
    })
    expect(performance.now() - start).toBeGreaterThan(2_490)
    expect(performance.now() - start).toBeLessThan(10_000)
  }

  test('a server that thinks for 30 s', async () => {
    const server = await startServer((_request, response) => {
      const timer = setTimeout(() => response.end(), 30_000)
      response.on('close', () => clearTimeout(timer))
    })
    await expectTimeout(server.url)
    expect(server.seen).toHaveLength(1)
  })

  test('a body that drips', async () => {
    let drops = 0
    const server = await startServer((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/plain' })
      const timer = setInterval(() => response.write(`${++drops}`), 20)
      response.on('close', () => clearInterval(timer))
    })
    await expectTimeout(server.url)
    expect(drops).toBeGreaterThan(5)
  })

  test('a TLS handshake that nobody answers', async () => {
    const server = await startRawServer(() => undefined)
    await expectTimeout(`https://127.0.0.1:${server.port}`)
    expect(server.seen).toHaveLength(1)
  })

  test('a connection that is never accepted', async () => {
    const { port, end } = await startFullBacklog()
    try {
      await expectTimeout(`http://127.0.0.1:${port}`)
    } finally {
      end()
    }
  })
})

/** A listener that accepts nobody, with its queue filled: the next SYN gets no answer. */
async function startFullBacklog(): Promise<{ port: number; end: () => void }> {
  const program = `
    const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      require('node:fs').writeSync(1, String(server.address().port))
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
    })`
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [text] = (await once(child.stdout, 'data')) as [Buffer]
  const port = Number(text.toString())
  const fillers: net.Socket[] = []
  let waiting = false
  while (!waiting && fillers.length < 20) {
    const socket = net.connect(port, '127.0.0.1').on('error', () => undefined)
    fillers.push(socket)
    const pause = new Promise((resolve) => setTimeout(resolve, 200, 'waiting'))
    waiting = (await Promise.race([once(socket, 'connect'), pause])) === 'waiting'
  }
  // Proof that the fault is there.
  expect(waiting).toBe(true)
  return {
    port,
    end() {
      for (const socket of fillers) socket.destroy()
      child.kill('SIGKILL')
    },
  }
}
