const en = {
  title: 'Verify an export of the ledger',
  about:
    'This page computes every hash of an export again, and compares it with checkpoints that you have kept. It asks nobody: it works without a network, and nothing leaves this computer. Save it, and open it from disk whenever you want.',
  export: 'The export',
  exportHelp: 'NDJSON, as the audit page or GET /api/v1/audit/export gives it.',
  checkpoints: 'Checkpoints',
  checkpointsHelp:
    'Files in which checkpoints were kept, such as a log. Without one, a ledger that was rewritten as a whole fits.',
  keys: 'Public keys',
  keysHelp: 'Of those who signed the checkpoints: a JWKS (GET /api/v1/audit/keys, kept from then), or a PEM.',
  verify: 'Verify',
  stop: 'Stop',
  stopped: 'Stopped. Nothing is known of the file.',
  progress: (read: string, of: string, lines: string, rate: string) =>
    `${read} of ${of} MB, ${lines} lines, ${rate} a second`,
  fits: 'It fits',
  differs: (count: string) => `It does not fit: ${count}`,
  findings: (count: number, shown: string) => (count === 1 ? 'one finding' : `${shown} findings`),
  failed: 'It could not be verified',
  whatIs: 'What was verified',
  made: 'Made at',
  scope: 'Of',
  everything: 'all of the ledger',
  from: 'from',
  to: 'before',
  rows: 'Rows',
  batches: 'Batches',
  counters: 'Counters',
  heads: 'Heads of checkpoints that fit or differ',
  outside: 'Heads that are not in this export',
  took: 'Took',
  seconds: 's',
  kind: 'What',
  where: 'Where',
  detail: 'In words',
  more: (shown: string, all: string) => `The first ${shown} of ${all}.`,
  notProved: 'What this does not prove',
  limits: [
    'That the ledger was never rewritten as a whole: whoever may write all of it can compute all hashes anew. Only a checkpoint that somebody else has kept shows that.',
    'That what was written was true: a hash says that a row is as it was written, and not that there was such a document.',
    'That nothing happened after the export was made.',
  ],
  noCheckpoint: 'No checkpoint was compared: whether all of it was rewritten cannot be told.',
  noCheckpointIn: (name: string) => `${name} has no checkpoint in it.`,
  keysNeeded: 'A checkpoint is worth what its signature is: give the public keys, too.',
  insecure:
    'This browser checks signatures only on pages that came by https, or from disk. Save this page and open it from there.',
}

export type Texts = typeof en

const de: Texts = {
  title: 'Einen Export des Journals prüfen',
  about:
    'Diese Seite berechnet jeden Hash eines Exports neu und vergleicht ihn mit Prüfpunkten, die Sie aufbewahrt haben. Sie fragt niemanden: sie arbeitet ohne Netz, und nichts verlässt diesen Rechner. Speichern Sie sie, und öffnen Sie sie jederzeit von dort.',
  export: 'Der Export',
  exportHelp: 'NDJSON, wie die Prüfseite oder GET /api/v1/audit/export ihn gibt.',
  checkpoints: 'Prüfpunkte',
  checkpointsHelp:
    'Dateien, in denen Prüfpunkte aufbewahrt sind, etwa ein Log. Ohne einen passt auch ein Journal, das als Ganzes neu geschrieben wurde.',
  keys: 'Öffentliche Schlüssel',
  keysHelp:
    'Derer, die die Prüfpunkte signiert haben: ein JWKS (GET /api/v1/audit/keys, damals aufbewahrt) oder ein PEM.',
  verify: 'Prüfen',
  stop: 'Abbrechen',
  stopped: 'Abgebrochen. Über die Datei ist nichts bekannt.',
  progress: (read, of, lines, rate) => `${read} von ${of} MB, ${lines} Zeilen, ${rate} in der Sekunde`,
  fits: 'Alles passt',
  differs: (count) => `Es passt nicht: ${count}`,
  findings: (count, shown) => (count === 1 ? 'ein Befund' : `${shown} Befunde`),
  failed: 'Das ließ sich nicht prüfen',
  whatIs: 'Was geprüft wurde',
  made: 'Erstellt',
  scope: 'Von',
  everything: 'dem ganzen Journal',
  from: 'ab',
  to: 'vor',
  rows: 'Zeilen',
  batches: 'Stapel',
  counters: 'Zähler',
  heads: 'Köpfe von Prüfpunkten, die verglichen sind',
  outside: 'Köpfe, die nicht in diesem Export sind',
  took: 'Dauer',
  seconds: 's',
  kind: 'Was',
  where: 'Wo',
  detail: 'In Worten',
  more: (shown, all) => `Die ersten ${shown} von ${all}.`,
  notProved: 'Was das nicht beweist',
  limits: [
    'Dass das Journal nie als Ganzes neu geschrieben wurde: wer alles schreiben darf, kann alle Hashes neu berechnen. Das zeigt nur ein Prüfpunkt, den jemand anders aufbewahrt hat.',
    'Dass wahr ist, was geschrieben wurde: ein Hash sagt, dass eine Zeile ist, wie sie geschrieben wurde, und nicht, dass es den Beleg gab.',
    'Dass nach dem Export nichts geschah.',
  ],
  noCheckpoint: 'Kein Prüfpunkt wurde verglichen: ob alles neu geschrieben wurde, lässt sich nicht sagen.',
  noCheckpointIn: (name) => `In ${name} ist kein Prüfpunkt.`,
  keysNeeded:
    'Ein Prüfpunkt ist so viel wert wie seine Signatur: geben Sie auch die öffentlichen Schlüssel an.',
  insecure:
    'Dieser Browser prüft Signaturen nur auf Seiten, die über https oder von der Platte kamen. Speichern Sie diese Seite, und öffnen Sie sie von dort.',
}

export const language = navigator.language.startsWith('de') ? 'de' : 'en'
export const texts = { en, de }[language]
