import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import js from '@eslint/js'
import nx from '@nx/eslint-plugin'
import prettier from 'eslint-config-prettier'
import reactHooks from 'eslint-plugin-react-hooks'
import tseslint from 'typescript-eslint'
import { roomsOf } from './eslint.rooms.mjs'
import { rooms as roomsOfTemplate } from './tools/service-template/eslint.rooms.mjs'

/** The apps, each with its scope and its table of rooms. */
const apps = readdirSync(join(import.meta.dirname, 'apps')).filter((name) =>
  existsSync(join(import.meta.dirname, 'apps', name, 'package.json')),
)
const scopes = apps.map((name) => {
  const { nx } = JSON.parse(readFileSync(join(import.meta.dirname, 'apps', name, 'package.json'), 'utf8'))
  return nx.tags.find((tag) => tag.startsWith('scope:'))
})
// The console has none.
const divided = apps.filter((name) => existsSync(join(import.meta.dirname, 'apps', name, 'eslint.rooms.mjs')))
const tables = await Promise.all(divided.map((name) => import(`./apps/${name}/eslint.rooms.mjs`)))

/** What services are generated from obeys the rules of an app. */
const template = 'tools/service-template'

/** What no app may say. */
const everywhere = [
  {
    selector: "MemberExpression[property.name='$transaction']",
    // Prisma's can commit after its own time-out.
    message: 'Use transaction() of @ordinal/database: see docs/decisions/0005.',
  },
  {
    selector: 'MemberExpression[property.name=/^.(query|execute)Raw/]',
    message: 'SQL goes to the pool, and not through Prisma: see docs/decisions/0057.',
  },
  {
    selector: ":matches(TSBigIntKeyword, CallExpression[callee.name='BigInt'])",
    message:
      'Ids and values are numbers: int8sAsNumbers() of @ordinal/database makes them so, see docs/decisions/0057.',
  },
]

export default tseslint.config(
  { ignores: ['**/dist', '**/coverage', '**/src/generated', '**/.data', '**/.nx'] },
  js.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        {
          // The version of the whole, which services report, and the list of services.
          allow: ['../../../package.json', '../../../services.json'],
          // The console's pages load it late; its verifier is one file.
          checkDynamicDependenciesExceptions: ['@ordinal/audit/offline'],
          depConstraints: [
            // An app sees libraries of its own scope and the shared ones; nothing sees an app.
            { sourceTag: 'type:app', onlyDependOnLibsWithTags: ['type:lib'] },
            { sourceTag: 'type:lib', onlyDependOnLibsWithTags: ['type:lib'] },
            { sourceTag: 'type:tool', onlyDependOnLibsWithTags: ['type:lib', 'type:tool', 'type:package'] },
            // What runs in browsers, with what runs anywhere.
            { sourceTag: 'type:web', onlyDependOnLibsWithTags: ['type:package', 'for:packages'] },
            // What others install holds nothing of ours but itself.
            { sourceTag: 'type:package', onlyDependOnLibsWithTags: ['type:package', 'for:packages'] },
            // What they may bundle all the same: functions that know no process, no network and no other library (0091).
            { sourceTag: 'for:packages', onlyDependOnLibsWithTags: ['for:packages'] },
            ...scopes.map((scope) => ({
              sourceTag: scope,
              onlyDependOnLibsWithTags: [scope, 'scope:shared'],
            })),
            { sourceTag: 'scope:shared', onlyDependOnLibsWithTags: ['scope:shared'] },
            // The command line is about all of them.
            { sourceTag: 'scope:callers', onlyDependOnLibsWithTags: ['scope:shared', 'for:packages'] },
          ],
        },
      ],
      // FAILPOINT is one: the bundler takes what is under it out (docs/decisions/0027).
      'no-unused-labels': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
    },
  },
  {
    // What a test receives is any JSON, and is checked against the OpenAPI document, or the schemas of Kubernetes; its objects
    // are destructured.
    files: ['**/test/**/*.ts', 'tools/system-tests/src/**/*.ts', 'tools/deploy-tests/src/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    // What is printed to look for a fault is taken out when it is found; fixtures are programs, which print for their test.
    files: ['**/test/**/*.ts'],
    ignores: ['**/test/fixtures/**'],
    rules: { 'no-console': 'error' },
  },
  {
    // Only main.ts reads the environment and ends the process (tools are mains themselves).
    files: ['apps/*/src/**/*.ts', 'libs/*/src/**/*.ts', `${template}/src/**/*.ts`],
    ignores: ['**/main.ts', 'libs/testing/**', 'libs/failpoints/**'],
    rules: {
      'no-restricted-properties': [
        'error',
        {
          object: 'process',
          property: 'env',
          message: 'Take configuration as a parameter; main.ts parses it.',
        },
        { object: 'process', property: 'exit', message: 'Throw, or return: only main.ts ends the process.' },
      ],
    },
  },
  { files: ['apps/console/src/**/*.{ts,tsx}'], ...reactHooks.configs.flat.recommended },
  {
    files: ['apps/**/*.ts', `${template}/**/*.ts`],
    rules: { 'no-restricted-syntax': ['error', ...everywhere] },
  },
  ...tables.flatMap(({ rooms }) => roomsOf(rooms, everywhere)),
  ...roomsOf(roomsOfTemplate, everywhere, template),
  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        module: 'writable',
        require: 'readonly',
        URL: 'readonly',
      },
    },
  },
  {
    files: ['apps/console/public/*.js'],
    languageOptions: {
      sourceType: 'script',
      globals: { addEventListener: 'readonly', document: 'readonly', removeEventListener: 'readonly' },
    },
  },
  prettier,
)
