import { execFile } from 'node:child_process'
import { appendFileSync, chownSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  accountOfPostgres,
  familyOf,
  isAlive,
  postgresqlBin,
  signal,
  start as startProgram,
  until,
} from '../programs'

const run = promisify(execFile)

export type Method = 'basebackup' | 'pgbackrest'
export type Server = ReturnType<typeof createServer>

interface Options {
  folder: string
  address: string
  password: string
  /** Undefined: nothing is archived. */
  backup?: Method
  /** When it is aborted nothing is started any more, and the programs that prepare or copy end. */
  ended: AbortSignal
}

/** A PostgreSQL whose WAL is archived all the time, and which can be restored to a moment. */
export function createServer({ folder, address, password, backup, ended }: Options) {
  const bin = postgresqlBin()!
  const data = join(folder, 'data')
  const archive = join(folder, 'archive')
  const base = join(folder, 'base')
  const stanza = ['--stanza=ledger', `--config=${join(folder, 'pgbackrest.conf')}`]
  const account = accountOfPostgres()
  const asPostgres = (command: string, ...args: string[]) =>
    run(command, args, {
      cwd: folder,
      env: { PATH: process.env.PATH, PGPASSWORD: password },
      signal: ended,
      killSignal: 'SIGKILL',
      ...account,
    })
  let pid: number | undefined

  /** Makes it, and starts it. */
  async function start(): Promise<void> {
    for (const each of [folder, archive]) own(each)
    const passwordFile = join(folder, 'password')
    writeFileSync(passwordFile, password, { mode: 0o600 })
    if (account) chownSync(passwordFile, account.uid, account.gid)
    await asPostgres(
      join(bin, 'initdb'),
      ...['-D', data, '-U', 'postgres', '--locale=C.UTF-8'],
      ...['--auth=scram-sha-256', `--pwfile=${passwordFile}`],
    )
    appendFileSync(
      join(data, 'postgresql.conf'),
      [
        `listen_addresses = '${address}'`,
        `unix_socket_directories = '${folder}'`,
        'max_connections = 200',
        ...(backup ? archiving(backup) : []),
      ].join('\n') + '\n',
    )
    appendFileSync(join(data, 'pg_hba.conf'), 'host all,replication all 127.0.0.0/8 scram-sha-256\n')
    if (backup === 'pgbackrest') {
      writeFileSync(join(folder, 'pgbackrest.conf'), pgbackrestConf())
      own(join(folder, 'repo'))
    }
    await launch()
    if (backup === 'pgbackrest') await asPostgres('pgbackrest', ...stanza, 'stanza-create')
  }

  /** As deploy/backup has it. */
  function archiving(method: Method): string[] {
    const command =
      method === 'pgbackrest'
        ? `pgbackrest ${stanza.join(' ')} archive-push %p`
        : `test ! -f ${archive}/%f && cp %p ${archive}/%f.part && mv ${archive}/%f.part ${archive}/%f`
    return ['archive_mode = on', 'archive_timeout = 60', `archive_command = '${command}'`]
  }

  function pgbackrestConf(): string {
    return [
      '[global]',
      `repo1-path=${join(folder, 'repo')}`,
      `log-path=${folder}`,
      `lock-path=${folder}`,
      `spool-path=${folder}`,
      'start-fast=y',
      '[ledger]',
      `pg1-path=${data}`,
      `pg1-socket-path=${folder}`,
      'pg1-user=postgres',
    ].join('\n')
  }

  async function launch(): Promise<void> {
    ended.throwIfAborted()
    pid = startProgram({ name: 'postgres', command: join(bin, 'postgres'), args: ['-D', data], folder }).pid
    await until('PostgreSQL', () => psql('SELECT 1').catch(() => false))
    await until('the end of the recovery', async () => (await psql('SELECT pg_is_in_recovery()')) === 'f')
  }

  async function psql(sql: string, database = 'postgres'): Promise<string> {
    const { stdout } = await asPostgres(
      join(bin, 'psql'),
      ...['-h', address, '-U', 'postgres', '-d', database, '-qAtX', '-v', 'ON_ERROR_STOP=1', '-c', sql],
    )
    return stdout.trim()
  }

  async function kill(): Promise<void> {
    const all = pid === undefined ? [] : familyOf(pid)
    signal(all, 'SIGKILL')
    await until('PostgreSQL has gone', () => !all.some(isAlive))
  }

  return {
    start,
    psql,
    kill,
    /** A base backup; the WAL that it needs besides is in the archive. */
    async takeBackup(): Promise<void> {
      if (backup === 'pgbackrest') await asPostgres('pgbackrest', ...stanza, 'backup', '--type=full')
      else
        await asPostgres(
          join(bin, 'pg_basebackup'),
          ...['-h', address, '-U', 'postgres', '-D', base, '--checkpoint=fast', '-X', 'none'],
        )
    },
    /** Waits until the archive has all WAL up to now. */
    async archiveAll(): Promise<void> {
      const file = await psql('SELECT pg_walfile_name(pg_switch_wal())')
      await until(
        'the WAL is archived',
        async () => (await psql('SELECT last_archived_wal FROM pg_stat_archiver')) >= file,
      )
    },
    /** Ends it as a lost disk does. */
    async destroy(): Promise<void> {
      await kill()
      rmSync(data, { recursive: true })
    },
    /** Restores it to a moment; the server then says that it was restored, until somebody has looked. */
    async restore(to: string): Promise<void> {
      if (backup === 'pgbackrest')
        await asPostgres(
          'pgbackrest',
          ...[...stanza, 'restore', '--type=time', `--target=${to}`, '--target-action=promote'],
        )
      else {
        cpSync(base, data, { recursive: true, preserveTimestamps: true })
        const settings = [
          `restore_command = 'cp ${archive}/%f %p'`,
          `recovery_target_time = '${to}'`,
          `recovery_target_action = 'promote'`,
        ]
        appendFileSync(join(data, 'postgresql.auto.conf'), settings.join('\n') + '\n')
        writeFileSync(join(data, 'recovery.signal'), '')
        await chownAll(data)
      }
      appendFileSync(join(data, 'postgresql.auto.conf'), `ordinal.restored = 'on'\n`)
      await launch()
    },
  }

  function own(path: string): void {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    if (account) chownSync(path, account.uid, account.gid)
  }

  async function chownAll(path: string): Promise<void> {
    if (account) await run('chown', ['-R', `${account.uid}:${account.gid}`, path])
  }
}
