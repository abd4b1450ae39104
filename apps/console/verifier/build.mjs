// Makes dist/apps/console/verifier.html: the verifier as one file, which an auditor keeps and opens without a network.
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'vite'
import { licencesOfFiles } from '../../../tools/build/src/third-party.mjs'
import { offlineAliases } from '../offline/aliases.mjs'

/**
 * @param output the folder that gets the page
 * @returns the files that have a part in it
 */
export async function buildVerifier(output) {
  const { script, style, inputs } = await bundle()
  const source = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
  // Nothing is loaded, sent or framed: whoever opens the page needs no trust in a network.
  const policy = [
    "default-src 'none'",
    `script-src ${source(script)}`,
    `style-src ${source(style)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
  writeFileSync(
    join(output, 'verifier.html'),
    pageOf({ policy, script, style, licences: licencesOfFiles(inputs).replaceAll('--', '- -') }),
  )
  return inputs
}

// No space is around the style and the script: the policy has the hash of each as it is.
const pageOf = ({ policy, script, style, licences }) => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy" content="${policy}" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>Ordinal: verify an export</title>
    <style>${style}</style>
  </head>
  <body>
    <main id="page"><noscript>This page needs JavaScript: it computes the hashes itself.</noscript></main>
    <script>${script}</script>
  </body>
</html>
<!--
${licences}
-->
`

async function bundle() {
  const [made] = [
    await build({
      configFile: false,
      root: import.meta.dirname,
      logLevel: 'warn',
      resolve: {
        alias: offlineAliases,
        conditions: ['@ordinal/source', 'module', 'browser', 'development|production'],
      },
      build: {
        write: false,
        target: 'es2022',
        cssTarget: 'chrome123',
        cssCodeSplit: false,
        modulePreload: { polyfill: false },
        rollupOptions: { input: join(import.meta.dirname, 'main.ts'), output: { format: 'iife' } },
      },
    }),
  ].flat()
  const chunk = made.output.find(({ type }) => type === 'chunk')
  const css = made.output.find(({ fileName }) => fileName.endsWith('.css'))
  return {
    // In HTML this would end the script.
    script: chunk.code.replaceAll('</script', '<\\/script'),
    style: String(css.source),
    inputs: chunk.moduleIds.map((id) => id.split('?')[0]).filter((id) => id.startsWith('/')),
  }
}
