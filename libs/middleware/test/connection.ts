import { once } from 'node:events'
import { connect } from 'node:net'

/** A bare connection, for what fetch would not do. */
export async function openConnection(port: number) {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}
