import { MESSAGE } from 'triple-beam'
import Transport from 'winston-transport'

// A reader that stalls must cost neither memory without bound nor the requests under way: past this many
// characters lines are dropped, counted, and the count is logged as soon as the reader goes on.
const mostWaiting = 8 * 1024 * 1024
// Each write is a system call, and wakes whoever reads: lines wait for others, as far as this many characters of them.
const mostGathered = 16 * 1024

/**
 * Hands lines to the stream together: after some milliseconds, or when they have become many. An error is written in the
 * same turn of the event loop, with what came before it: it may be the last line of a process.
 */
export class BufferedTransport extends Transport {
  private lines = ''
  private timer: NodeJS.Timeout | undefined
  private scheduled = false
  private blocked = false
  private dropped = 0
  private readonly idle: (() => void)[] = []

  /**
   * @param service goes into the line that counts what was dropped, as into every other
   * @param gatherMs how long a line may wait; 0 for the end of the turn of the event loop
   */
  constructor(
    private readonly stream: NodeJS.WritableStream,
    private readonly service: string,
    private readonly gatherMs: number,
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
  override log(info: { level?: string; [MESSAGE]?: string }, taken: () => void): void {
    this.take(info[MESSAGE] ?? '', info.level === 'error')
    taken()
  }

  /**
   * Takes a line.
   *
   * @param urgent whether it is written in this turn of the event loop
   */
  take(line: string, urgent = false): void {
    if (this.lines.length < mostWaiting) this.lines += `${line}\n`
    else this.dropped += 1
    if (urgent || this.gatherMs === 0) this.flushInTurn()
    else if (this.lines.length >= mostGathered) this.flush()
    else this.timer ??= setTimeout(() => this.flush(), this.gatherMs).unref()
  }

  /** Resolves when every line taken so far is with the stream. */
  drain(): Promise<void> {
    return new Promise((resolve) => {
      this.idle.push(resolve)
      this.flush()
    })
  }

  /** Writes what waits: at the end of a process there is no later turn. */
  flush(): void {
    clearTimeout(this.timer)
    this.timer = undefined
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

  private flushInTurn(): void {
    if (this.scheduled) return
    this.scheduled = true
    setImmediate(() => {
      this.scheduled = false
      this.flush()
    })
  }

  private settle(): void {
    if (this.lines === '') for (const resolve of this.idle.splice(0)) resolve()
  }
}
