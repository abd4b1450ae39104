import express from 'express'
import { Pool } from 'pg'
import { createOrdinal, OrdinalError } from '@ordinal/client'
import { createInvoices, schema } from './invoices'

const { DATABASE_URL, SEQUENCER_URL = 'http://localhost:8083', API_KEY, PORT = '3001' } = process.env

const pool = new Pool({ connectionString: DATABASE_URL })
const ordinal = createOrdinal({ sequencer: SEQUENCER_URL, ...(API_KEY && { apiKey: API_KEY }) })
const invoices = createInvoices(pool, ordinal)

const app = express().use(express.json())

app.post('/invoices', async (req, res) => {
  const { customer, amount } = req.body as { customer: string; amount: number }
  res.status(201).json(await invoices.draft(customer, amount))
})

app.get('/invoices/:id', async (req, res) => {
  const invoice = await invoices.find(req.params.id)
  res.status(invoice ? 200 : 404).json(invoice ?? { error: 'There is no such invoice' })
})

app.post('/invoices/:id/finalise', async (req, res) => {
  try {
    const invoice = await invoices.finalise(req.params.id)
    res.status(invoice ? 200 : 404).json(invoice ?? { error: 'There is no such invoice' })
  } catch (error) {
    if (!(error instanceof OrdinalError)) throw error
    // It is final, and gets its number as soon as the sequencer answers again.
    res.status(202).json(await invoices.find(req.params.id))
  }
})

/** What was left without a number, by a crash or an outage. */
const numberTheRest = () =>
  invoices.numberTheRest().catch((error: Error) => console.error(`Numbers will follow: ${error.message}`))

async function start(): Promise<void> {
  await pool.query(schema)
  setInterval(() => void numberTheRest(), 60_000).unref()
  app.listen(Number(PORT), '127.0.0.1', () => console.log(`Invoices at http://127.0.0.1:${PORT}/invoices`))
  await numberTheRest()
}
void start()
