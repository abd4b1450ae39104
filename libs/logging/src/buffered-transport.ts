import { MESSAGE } from 'triple-beam'
import Transport from 'winston-transport'

// A reader that stalls must cost neither memory without bound nor the requests under way: past this many
// characters lines are dropped, counted, and the count is logged as soon as the reader goes on.
const mostWaiting = 8 * 1024 * 1024

/** Collects the lines of one turn of the event loop and hands them to the stream in one write. */
export class BufferedTransport extends Transport {
  private lines = ''
  private scheduled = false
  private blocked = false
  private dropped = 0
  private readonly idle: (() => void)[] = []

  /** @param service goes into the line that counts what was dropped, as into every other */
  constructor(
    private readonly stream: NodeJS.WritableStream,
    private readonly service: string,
  ) {
    super()
    stream.on('drain', () => {
      this.blocked = false
      this.flush()
    })
    // The far end of a pipe that closes (`make run | head`) must not end the service.
    stream.on('error', () => {
      this.lines = ''
      this.settle()
    })
  }

  /** winston calls this for every line; it takes the line at once, so winston's own buffer never fills. */
  override log(info: { [MESSAGE]?: string }, taken: () => void): void {
    if (this.lines.length < mostWaiting) this.lines += `${info[MESSAGE] ?? ''}\n`
    else this.dropped += 1
    if (!this.scheduled) {
      this.scheduled = true
      setImmediate(() => this.flush())
    }
    taken()
  }

  /** Resolves when every line taken so far is with the stream. */
  drain(): Promise<void> {
    return new Promise((resolve) => {
      this.idle.push(resolve)
      this.flush()
    })
  }

  private flush(): void {
    this.scheduled = false
    if (this.blocked) return
    if (this.dropped > 0) {
      const entry = {
        time: new Date().toISOString(),
        level: 'warn',
        service: this.service,
        message: 'log lines dropped',
        dropped: this.dropped,
      }
      this.lines += `${JSON.stringify(entry)}\n`
      this.dropped = 0
    }
    if (this.lines === '') return this.settle()
    const text = this.lines
    this.lines = ''
    this.blocked = !this.stream.write(text, () => this.settle())
  }

  private settle(): void {
    if (this.lines === '') for (const resolve of this.idle.splice(0)) resolve()
  }
}
