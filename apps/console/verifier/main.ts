// A page in one file that verifies an export of the ledger: no network, no service, nothing of the console around it.
import {
  CheckpointError,
  checkpointsIn,
  ExportError,
  readCheckpoint,
  readPublicKeys,
  verifyExport,
  type Checkpoint,
} from '@ordinal/audit/offline'
import { linesOf } from '../offline/lines'
import { element, fileField } from './elements'
import { reportView } from './report'
import { language, texts } from './texts'
import './verifier.css'

const count = new Intl.NumberFormat(language)
const megabytes = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 })

const exported = fileField(texts.export, texts.exportHelp, { required: true })
const checkpoints = fileField(texts.checkpoints, texts.checkpointsHelp, { multiple: true })
const keys = fileField(texts.keys, texts.keysHelp)
const start = element('button', { type: 'submit' }, texts.verify)
const stop = element('button', { type: 'button', hidden: '' }, texts.stop)
const progress = element('progress', { max: '1', value: '0', hidden: '', 'aria-label': texts.verify })
const progressText = element('p', { class: 'quiet' })
const result = element('div', { id: 'result', 'aria-live': 'polite' })
const form = element('form', {}, exported.field, checkpoints.field, keys.field, start, stop)

document.documentElement.lang = language
document.title = `Ordinal: ${texts.title}`
document
  .getElementById('page')!
  .replaceChildren(
    element('h1', {}, texts.title),
    element('p', {}, texts.about),
    form,
    progress,
    progressText,
    result,
    element('h2', {}, texts.notProved),
    element('ul', {}, ...texts.limits.map((limit) => element('li', {}, limit))),
  )

form.addEventListener('submit', (event) => {
  event.preventDefault()
  void verify()
})

async function verify(): Promise<void> {
  const [file] = exported.files()
  if (!file) return
  const controller = new AbortController()
  const startedAt = performance.now()
  const seconds = () => (performance.now() - startedAt) / 1000
  stop.onclick = () => controller.abort()
  show({ running: true })
  try {
    const kept = await keptCheckpoints()
    const lines = linesOf(
      file.stream(),
      (now) => {
        progress.value = file.size === 0 ? 1 : now.bytes / file.size
        progressText.textContent = texts.progress(
          megabytes.format(now.bytes / 1e6),
          megabytes.format(file.size / 1e6),
          count.format(now.lines),
          count.format(Math.round(now.lines / Math.max(seconds(), 0.001))),
        )
      },
      controller.signal,
    )
    result.replaceChildren(reportView(await verifyExport(lines, kept), seconds()))
  } catch (error) {
    result.replaceChildren(
      element(
        'section',
        { class: 'verdict', 'data-verdict': controller.signal.aborted ? 'stopped' : 'failed' },
        element('h2', {}, controller.signal.aborted ? texts.stopped : texts.failed),
        ...(controller.signal.aborted ? [] : [element('p', {}, wordsOf(error))]),
      ),
    )
  } finally {
    show({ running: false })
  }
}

function show({ running }: { running: boolean }): void {
  start.disabled = running
  stop.hidden = progress.hidden = !running
  if (running) {
    result.replaceChildren()
    progressText.textContent = ''
  }
}

/** The checkpoints in the chosen files, each signed by one of the chosen keys. */
async function keptCheckpoints(): Promise<Checkpoint[]> {
  const signed: string[] = []
  for (const file of checkpoints.files()) {
    const found = checkpointsIn(await file.text())
    if (found.length === 0) throw new CheckpointError(texts.noCheckpointIn(file.name))
    signed.push(...found)
  }
  if (signed.length === 0) return []
  const [keyFile] = keys.files()
  if (!keyFile) throw new CheckpointError(texts.keysNeeded)
  if (!isSecureContext) throw new CheckpointError(texts.insecure)
  const known = await readPublicKeys(await keyFile.text())
  return Promise.all(signed.map((jws) => readCheckpoint(jws, known)))
}

/** Errors that say what is wrong with a file are shown as they are; others with their kind, since they are ours. */
const wordsOf = (error: unknown): string =>
  error instanceof CheckpointError || error instanceof ExportError ? error.message : String(error)
