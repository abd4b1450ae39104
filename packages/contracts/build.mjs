// Makes dist/: the JSON Schemas of events, which the order service serves (make client writes them), and the proto files.
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const here = import.meta.dirname
rmSync(join(here, 'dist'), { recursive: true, force: true })
cpSync(join(here, 'schemas'), join(here, 'dist/schemas'), { recursive: true })
cpSync(join(here, '../../proto'), join(here, 'dist/proto'), { recursive: true })
