// Stands in for a service: dist/apps/<name>/main.js of the stack under test.
const { readFileSync } = require('node:fs')
const http = require('node:http')
const https = require('node:https')
const { basename, dirname } = require('node:path')

const name = basename(dirname(process.argv[1]))
const { FAKE_FAULT, FAKE_ONCE, FAKE_STUBBORN, FAKE_UNREADY, ...environment } = process.env
const port = environment[`${name.replaceAll('-', '_').toUpperCase()}_PORT`]

if (FAKE_FAULT === name) {
  console.log('{"level":"info","message":"starting"}')
  console.error(`${name} does not like its configuration`)
  process.exit(78)
}

if (FAKE_ONCE) {
  console.log(JSON.stringify([process.argv.slice(2), environment.ORDER_SERVICE_DATABASE_URL]))
  process.exit(0)
}

const check = { check: 'ledger', error: { message: 'the ledger is old: mend it' } }
const log = (message) => console.log(JSON.stringify({ level: 'warn', message, ...check }))
let isReady = FAKE_UNREADY !== name
if (!isReady) log('a health check fails')

const answers = {
  '/health/ready': (response) => {
    if (!isReady) response.statusCode = 503
    return isReady ? 'ready' : 'not ready'
  },
  '/mend': () => String((isReady = true)),
  '/environment': () => JSON.stringify(environment),
  '/die': () => process.exit(3),
}

const prefix = name.replaceAll('-', '_').toUpperCase()
const { [`${prefix}_TLS_CERT_FILE`]: cert, [`${prefix}_TLS_KEY_FILE`]: key } = environment
const createServer = cert
  ? (serve) => https.createServer({ cert: readFileSync(cert), key: readFileSync(key) }, serve)
  : http.createServer

createServer((request, response) => {
  let body = ''
  request.on('data', (chunk) => (body += chunk))
  request.on('end', () => {
    const answer = answers[request.url]
    response.end(
      answer ? answer(response) : JSON.stringify({ name, pid: process.pid, url: request.url, body }),
    )
  })
}).listen(port)

const end = (reason) => {
  console.log(`${name} ends at ${reason}`)
  process.exit(0)
}
process.on('SIGINT', () => end('SIGINT'))
process.on('SIGTERM', () => FAKE_STUBBORN === name || end('SIGTERM'))
process.on('disconnect', () => end('disconnect'))
