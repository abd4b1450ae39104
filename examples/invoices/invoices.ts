import { randomUUID } from 'node:crypto'
import type { Pool } from 'pg'
import type { Ordinal } from '@ordinal/client'

export interface Invoice {
  id: string
  customer: string
  amount: string
  status: 'draft' | 'final'
  /** Null until it is final, and for the moment in which its number is drawn. */
  number: string | null
  /** The date on which it became final, as 2026-11-30: it decides the period of the number. */
  invoice_date: string | null
}

const columns = 'id, customer, amount, status, number, invoice_date::text'

export const schema = `
  CREATE TABLE IF NOT EXISTS invoices (
    id uuid PRIMARY KEY,
    customer text NOT NULL,
    amount numeric(12, 2) NOT NULL,
    status text NOT NULL DEFAULT 'draft',
    number text UNIQUE,
    invoice_date date
  )`

/**
 * Invoices, which get their number when they become final, and never before: a draft that is thrown away must leave no gap.
 *
 * Three steps, each of which may be the last that this process does:
 * 1. the invoice becomes final in our database: from here on it needs a number;
 * 2. the sequencer issues the number, under a key that is made of the invoice's id;
 * 3. the number is written to the invoice.
 * Whoever finds an invoice that is final and has no number does 2 and 3 again. The same key gets the same number, however
 * often it is asked for, so 2 never draws a second one.
 */
export function createInvoices(pool: Pool, ordinal: Pick<Ordinal, 'numbers'>) {
  async function drawNumber({ id, invoice_date }: Invoice): Promise<void> {
    // A key goes with one request: everything in it is kept in the row, so that it is the same again tomorrow.
    const { full_number } = await ordinal.numbers.next(
      'INV',
      { client_id: 'invoice-app', generated_by: `invoice-${id}`, business_date: invoice_date! },
      { idempotencyKey: `invoice-${id}` },
    )
    await pool.query('UPDATE invoices SET number = $2 WHERE id = $1 AND number IS NULL', [id, full_number])
  }

  const find = async (id: string): Promise<Invoice | undefined> =>
    (await pool.query<Invoice>(`SELECT ${columns} FROM invoices WHERE id = $1`, [id])).rows[0]

  return {
    find,

    async draft(customer: string, amount: number): Promise<Invoice> {
      const { rows } = await pool.query<Invoice>(
        `INSERT INTO invoices (id, customer, amount) VALUES ($1, $2, $3) RETURNING ${columns}`,
        [randomUUID(), customer, amount],
      )
      return rows[0]!
    },

    /** Makes an invoice final, and gives it with its number. Again it gives the same. Undefined if there is none. */
    async finalise(id: string): Promise<Invoice | undefined> {
      await pool.query(
        `UPDATE invoices SET status = 'final', invoice_date = current_date WHERE id = $1 AND status = 'draft'`,
        [id],
      )
      const invoice = await find(id)
      if (!invoice || invoice.number !== null) return invoice
      await drawNumber(invoice)
      return find(id)
    },

    /** Gives numbers to the invoices that were left without one. For the start, and every minute; gives how many. */
    async numberTheRest(): Promise<number> {
      const { rows } = await pool.query<Invoice>(
        `SELECT ${columns} FROM invoices WHERE status = 'final' AND number IS NULL ORDER BY invoice_date, id`,
      )
      for (const invoice of rows) await drawNumber(invoice)
      return rows.length
    },
  }
}
