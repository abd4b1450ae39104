import { once } from 'node:events'
import { connect } from 'node:net'

/** A connection on which a test says what it likes. */
export async function openSocket(port: number) {
  const socket = connect({ port, host: '127.0.0.1' })
  let received = ''
  socket.on('data', (chunk) => (received += chunk.toString('latin1')))
  socket.on('error', () => {})
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  await once(socket, 'connect')
  return {
    send: (text: string) => socket.write(text),
    /** Resolves to all that came, when the other side has closed. */
    ended: () => closed.then(() => received),
    received: () => received,
    /** Reads nothing more. */
    pause: () => socket.pause(),
    destroy: () => socket.destroy(),
  }
}
