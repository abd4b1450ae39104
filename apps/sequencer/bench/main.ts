// What `make bench` needs of the sequencer's inside.
import { fillLedger } from './fill'
import { measureInProcess } from './in-process'
import { serveRedis } from './redis'

const [mode, ...args] = process.argv.slice(2)

async function run(): Promise<void> {
  if (mode === 'redis') return serveRedis(Number(args[0]))
  if (mode === 'fill') return fillLedger(args[0]!, Number(args[1]))
  return measureInProcess(args[0]!, args[1]!, Number(args[2]), Number(args[3]))
}

void run()
