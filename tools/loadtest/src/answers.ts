/** Something that was asked for and may, or may not, have happened. */
export type Happened = 'no' | 'yes' | 'unknown'

/** An order, as its answers describe it. */
export interface AnsweredOrder {
  key: string
  placed: Happened
  id?: number
  reference?: string
  number?: string | null
  cancelled: Happened
  deleted: Happened
}

/** A number, as its answer describes it. */
export interface AnsweredNumber {
  key: string
  drawn: Happened
  number?: string
  counter?: number
}

export type Answers = ReturnType<typeof createAnswers>

/** The answers of a run, kept, to be compared with what the services hold. */
export function createAnswers() {
  const orders: AnsweredOrder[] = []
  const numbers: AnsweredNumber[] = []
  /** Orders that nobody changes: they are there to be read. */
  const readable: AnsweredOrder[] = []
  /** Orders that may be changed, once. */
  const spare: AnsweredOrder[] = []
  let reads = 0
  return {
    orders: orders as readonly AnsweredOrder[],
    numbers: numbers as readonly AnsweredNumber[],

    /** An order is about to be placed: from now on it may exist. */
    askForOrder(key: string): AnsweredOrder {
      const order: AnsweredOrder = { key, placed: 'unknown', cancelled: 'no', deleted: 'no' }
      orders.push(order)
      return order
    },
    askForNumber(key: string): AnsweredNumber {
      const number: AnsweredNumber = { key, drawn: 'unknown' }
      numbers.push(number)
      return number
    },

    /** An order is there. @param keep whether one in a few is left alone, to be read */
    offer(order: AnsweredOrder, keep: boolean): void {
      const forReading = keep && readable.length * 4 <= spare.length
      ;(forReading ? readable : spare).push(order)
    },
    takeSpare: () => spare.pop(),
    /** An order to read, each in its turn; undefined if there is none. */
    nextReadable: () => readable[reads++ % readable.length],
  }
}
