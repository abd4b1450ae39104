import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/**
 * What happens to a connection when the text comes by.
 * `before`: it is cut, and the server never gets the text. `after`: the server gets it and acts, but its
 * answer is dropped and the connection cut. `midway`: the same, after half of what the answer begins with.
 * `silence`: nothing passes any more and nothing is closed, as when a network swallows packets.
 */
export type CutMoment = 'before' | 'after' | 'midway' | 'silence'

export interface CutProxy {
  /** On the address of the target. */
  port: number
  /** Cuts the next connection on which the client sends the text, once, or as many times as are given. */
  cutAt(text: string, moment: CutMoment, times?: number): void
  /** How many cuts there have been: the proof that a fault was there. */
  readonly cuts: number
  /** Lets nothing pass on any connection, old or new, and keeps it all, as a server that is stopped. */
  freeze(): void
  /** Lets everything pass again, what was kept first. */
  thaw(): void
  /** Closes every connection, and stops listening. */
  close(): Promise<void>
}

/** A TCP proxy before a server, to lose its connections at the worst moment. Plain text only, no TLS. */
export async function createCutProxy(target: { host: string; port: number }): Promise<CutProxy> {
  const sockets = new Set<Socket>()
  let armed: { text: string; moment: CutMoment; times: number } | undefined
  let cuts = 0
  let frozen = false

  const server = createServer((client) => {
    const upstream = connect(target)
    const destroyBoth = () => {
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', destroyBoth)
      socket.on('close', () => sockets.delete(socket))
    }
    let cut: CutMoment | undefined
    let tail = ''
    client.on('data', (chunk) => {
      if (cut === 'silence') return
      const seen = tail + chunk.toString('latin1')
      if (!cut && armed && seen.includes(armed.text)) {
        cut = armed.moment
        if ((armed.times -= 1) === 0) armed = undefined
        cuts++
        if (cut === 'before') return destroyBoth()
        if (cut === 'silence') return
      }
      tail = armed ? seen.slice(1 - armed.text.length) : ''
      upstream.write(chunk)
    })
    upstream.on('data', (chunk) => {
      if (!cut) return client.write(chunk)
      if (cut === 'after') return destroyBoth()
      if (cut === 'midway') client.write(chunk.subarray(0, Math.ceil(chunk.length / 2)), destroyBoth)
      return undefined
    })
    client.on('close', () => cut !== 'silence' && upstream.destroy())
    upstream.on('close', () => cut !== 'silence' && client.destroy())
    // The listeners for data have set them flowing.
    if (frozen) for (const socket of [client, upstream]) socket.pause()
  })

  await new Promise<void>((resolve) => server.listen(0, target.host, resolve))
  return {
    port: (server.address() as AddressInfo).port,
    cutAt(text, moment, times = 1) {
      armed = { text, moment, times }
    },
    get cuts() {
      return cuts
    },
    freeze() {
      frozen = true
      for (const socket of sockets) socket.pause()
    },
    thaw() {
      frozen = false
      for (const socket of sockets) socket.resume()
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A proxy before the server of a URL, with the URL that leads through it. */
export async function proxyBefore(url: string): Promise<CutProxy & { url: string }> {
  const through = new URL(url)
  const proxy = await createCutProxy({ host: through.hostname, port: Number(through.port) })
  through.port = String(proxy.port)
  return Object.assign(proxy, { url: through.href })
}
