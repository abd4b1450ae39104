/** Something that was asked for and may, or may not, have happened. */
export type Happened = 'no' | 'yes' | 'unknown'

/** An order, and what its answers have said of it. */
export interface ToldOrder {
  key: string
  placed: Happened
  id?: number
  reference?: string
  number?: string | null
  cancelled: Happened
  deleted: Happened
}

/** A number, and what its answer has said. */
export interface ToldNumber {
  key: string
  drawn: Happened
  number?: string
  counter?: number
}

export type Told = ReturnType<typeof createTold>

/** What the answers of a run have said: kept to be compared with what the services hold. */
export function createTold() {
  const orders: ToldOrder[] = []
  const numbers: ToldNumber[] = []
  /** Orders that nobody changes: they are there to be read. */
  const readable: ToldOrder[] = []
  /** Orders that may be changed, once. */
  const spare: ToldOrder[] = []
  let reads = 0
  return {
    orders: orders as readonly ToldOrder[],
    numbers: numbers as readonly ToldNumber[],

    /** An order is about to be placed: from now on it may exist. */
    askForOrder(key: string): ToldOrder {
      const order: ToldOrder = { key, placed: 'unknown', cancelled: 'no', deleted: 'no' }
      orders.push(order)
      return order
    },
    askForNumber(key: string): ToldNumber {
      const number: ToldNumber = { key, drawn: 'unknown' }
      numbers.push(number)
      return number
    },

    /** An order is there. @param keep whether one in a few is left alone, to be read */
    offer(order: ToldOrder, keep: boolean): void {
      const forReading = keep && readable.length * 4 <= spare.length
      ;(forReading ? readable : spare).push(order)
    },
    takeSpare: () => spare.pop(),
    /** An order to read, each in its turn; undefined if there is none. */
    nextReadable: () => readable[reads++ % readable.length],
  }
}
