import { importNumbers } from './import'

const { SEQUENCER_URL = 'http://localhost:8083', TOKEN = '', PREFIX = 'INV' } = process.env
const [file] = process.argv.slice(2)

async function run(): Promise<void> {
  if (!file || !TOKEN) throw new Error('TOKEN=… npx --yes tsx examples/nightly-import/main.ts numbers.csv')
  const { rows, imported, already_there } = await importNumbers({
    sequencer: SEQUENCER_URL,
    token: TOKEN,
    prefix: PREFIX,
    file,
  })
  console.log(`${rows} lines: ${imported} imported, ${already_there} were there already`)
}
// What cron or a Kubernetes job sees: it failed, and why.
run().catch((error: Error) => {
  console.error(error.message)
  process.exit(1)
})
