import type { Queryable } from '@ordinal/database'

/** An object of the schema as the database has it, and what it is. */
export interface CatalogObject {
  object: string
  /** The table that it belongs to, if any. */
  of: string | null
  definition: string
}

// No owner, oid or location is read here, and PostgreSQL has printed these definitions in the same way since 15.
const objects = `
  WITH member AS (
    SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
  ), relation AS (
    SELECT c.* FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relname <> '_prisma_migrations' AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
      AND ('pg_class'::regclass, c.oid) NOT IN (SELECT classid, objid FROM member)
  ), any_routine AS (
    SELECT p.*, lanname, ('pg_proc'::regclass, p.oid) IN (SELECT classid, objid FROM member) AS of_extension
    FROM pg_proc p JOIN pg_language l ON l.oid = prolang WHERE pronamespace = 'public'::regnamespace
  ), routine AS (
    -- Functions of an extension matter only where one of our calls could resolve to them.
    SELECT r.* FROM any_routine r
    WHERE NOT of_extension
       OR lanname NOT IN ('c', 'internal')
          AND (EXISTS (SELECT FROM pg_proc o WHERE o.proname = r.proname AND o.pronamespace = 'pg_catalog'::regnamespace)
               OR EXISTS (SELECT FROM any_routine o WHERE o.proname = r.proname AND NOT o.of_extension))
  ), held AS (
    SELECT 'table ' || relname AS object, relname AS of, relowner AS owner, '' AS part, grantee, privilege_type
    FROM relation, aclexplode(coalesce(relacl, acldefault('r', relowner))) WHERE relkind <> 'c'
    UNION ALL
    SELECT 'table ' || relname, relname, relowner, '(' || attname || ')', grantee, privilege_type
    FROM relation JOIN pg_attribute ON attrelid = relation.oid, aclexplode(attacl)
    UNION ALL
    -- Also rights that no table lists, such as those of pg_write_all_data.
    SELECT 'table ' || relname, relname, relowner, '', current_user::regrole, privilege
    FROM relation, unnest('{INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) privilege
    WHERE relkind <> 'c' AND has_table_privilege(relation.oid, privilege)
    UNION ALL
    SELECT 'function ' || proname, NULL, proowner, '', grantee, privilege_type
    FROM routine, aclexplode(coalesce(proacl, acldefault('f', proowner)))
    UNION ALL
    SELECT 'schema public', NULL, nspowner, '', grantee, privilege_type
    FROM pg_namespace, aclexplode(nspacl) WHERE nspname = 'public' AND privilege_type = 'CREATE'
  )
  SELECT 'table ' || relname AS object, relname AS of,
         concat_ws(' ', relkind, relpersistence, CASE WHEN relrowsecurity THEN 'row security' END,
                   CASE WHEN relforcerowsecurity THEN 'also for the owner' END) AS definition
  FROM relation
  UNION ALL
  SELECT 'column ' || relname || '.' || attname, relname,
         concat_ws(' ', format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN 'not null' END,
                   'collate ' || (SELECT collname FROM pg_collation WHERE oid = attcollation AND collname <> 'default'),
                   'default ' || pg_get_expr(adbin, adrelid), nullif(attgenerated, ''), nullif(attidentity, ''))
  FROM relation JOIN pg_attribute ON attrelid = relation.oid LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
  WHERE attnum > 0 AND NOT attisdropped
  UNION ALL
  SELECT 'constraint ' || conname || ' on ' || relname, relname,
         concat_ws(' ', pg_get_constraintdef(c.oid), CASE WHEN NOT convalidated THEN 'not valid' END)
  FROM relation JOIN pg_constraint c ON conrelid = relation.oid WHERE contype <> 'n' OR NOT convalidated
  UNION ALL
  SELECT 'enabling of constraint ' || conname || ' on ' || r.relname, r.relname, string_agg(DISTINCT tgenabled::text, '')
  FROM pg_trigger t JOIN relation r ON tgrelid = r.oid JOIN pg_constraint c ON t.tgconstraint = c.oid
  WHERE tgisinternal GROUP BY conname, r.relname
  UNION ALL
  SELECT CASE WHEN indisunique THEN 'unique index ' ELSE 'index ' END || i.relname || ' on ' || relation.relname, relation.relname,
         concat_ws(' ', pg_get_indexdef(i.oid), CASE WHEN NOT (indisvalid AND indisready AND indislive) THEN 'invalid' END)
  FROM relation JOIN pg_index x ON indrelid = relation.oid JOIN pg_class i ON i.oid = indexrelid
  UNION ALL
  SELECT 'trigger ' || tgname || ' on ' || relname, relname,
         concat_ws(' ', pronamespace::regnamespace || '.' || proname, tgtype, encode(tgargs, 'escape'),
                   pg_get_expr(tgqual, tgrelid), tgattr, tgoldtable, tgnewtable, CASE WHEN tgdeferrable THEN 'deferrable' END)
  FROM relation JOIN pg_trigger ON tgrelid = relation.oid JOIN pg_proc ON pg_proc.oid = tgfoid WHERE NOT tgisinternal
  UNION ALL
  SELECT 'enabling of trigger ' || tgname || ' on ' || relname, relname,
         CASE tgenabled WHEN 'A' THEN 'always' WHEN 'O' THEN 'on, but not for replication' WHEN 'D' THEN 'disabled' ELSE 'for replication alone' END
  FROM relation JOIN pg_trigger ON tgrelid = relation.oid WHERE NOT tgisinternal
  UNION ALL
  SELECT 'rule ' || rulename || ' on ' || relname, relname, pg_get_ruledef(w.oid)
  FROM relation JOIN pg_rewrite w ON ev_class = relation.oid WHERE rulename <> '_RETURN'
  UNION ALL
  SELECT 'policy ' || polname || ' on ' || relname, relname, polcmd::text FROM relation JOIN pg_policy ON polrelid = relation.oid
  UNION ALL
  -- What is done to the parent is done to the child, where no statement trigger fires.
  SELECT 'table ' || inhrelid::regclass || ' under ' || inhparent::regclass, relname, 'inherits'
  FROM relation JOIN pg_inherits ON relation.oid IN (inhparent, inhrelid)
  UNION ALL
  SELECT 'function ' || proname, NULL,
         string_agg(concat_ws(E'\\n', pg_get_function_arguments(routine.oid), pg_get_function_result(routine.oid), lanname, provolatile,
                              proparallel, prosecdef, proisstrict, proleakproof, proconfig, prosrc,
                              pg_get_function_sqlbody(routine.oid)),
                    E'\\n' ORDER BY pg_get_function_arguments(routine.oid))
  FROM routine GROUP BY proname
  UNION ALL
  SELECT 'operator ' || o.oid::regoperator, NULL, oprcode::text
  FROM pg_operator o JOIN pg_proc p ON p.oid = oprcode JOIN pg_language l ON l.oid = prolang
  WHERE oprnamespace = 'public'::regnamespace
    AND NOT (('pg_operator'::regclass, o.oid) IN (SELECT classid, objid FROM member) AND lanname IN ('c', 'internal'))
  UNION ALL
  SELECT 'cast of ' || format_type(castsource, NULL) || ' to ' || format_type(casttarget, NULL), NULL, castfunc::regprocedure::text
  FROM pg_cast c WHERE c.oid >= 16384 AND ('pg_cast'::regclass, c.oid) NOT IN (SELECT classid, objid FROM member)
  UNION ALL
  SELECT 'event trigger ' || evtname, NULL, concat_ws(' ', evtevent, evtfoid::regproc)
  FROM pg_event_trigger e WHERE ('pg_event_trigger'::regclass, e.oid) NOT IN (SELECT classid, objid FROM member)
  UNION ALL
  SELECT 'owner of table ' || relname, relname, 'another role than that of the ledger'
  FROM relation WHERE relowner <> (SELECT relowner FROM relation WHERE relname = 'ledger')
  UNION ALL
  SELECT DISTINCT 'owner of function ' || proname, NULL, 'another role than that of the ledger'
  FROM routine WHERE proowner <> (SELECT relowner FROM relation WHERE relname = 'ledger')
  UNION ALL
  SELECT 'setting session_replication_role', NULL, current_setting('session_replication_role')
  UNION ALL
  -- They apply to later connections.
  SELECT 'stored setting ' || name, NULL, value
  FROM pg_db_role_setting, unnest(setconfig) setting,
       LATERAL (SELECT split_part(setting, '=', 1) AS name, substr(setting, strpos(setting, '=') + 1) AS value) s
  WHERE setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
    AND setrole IN (0, current_user::regrole)
    AND (name = 'session_replication_role'
         OR name = 'search_path' AND translate(value, '" ', '') NOT IN ('public', '$user,public', 'pg_catalog,public'))
  UNION ALL
  SELECT 'rights of ' || holder || ' on ' || object, of, string_agg(DISTINCT privilege_type || part, ', ')
  FROM (SELECT *, CASE WHEN grantee = 0 THEN 'everyone' WHEN grantee = current_user::regrole THEN 'the service'
                       ELSE 'the role ' || grantee::regrole END AS holder FROM held) held
  WHERE grantee <> owner AND (privilege_type <> 'SELECT' OR grantee = current_user::regrole)
  GROUP BY holder, object, of
  ORDER BY 1`

/**
 * All objects of the schema that matter to the ledger, by their names.
 *
 * @param tx a transaction; its search path becomes `pg_catalog` alone, so that no function or view that somebody added
 *   is called in place of PostgreSQL's
 */
export async function readCatalog(tx: Queryable): Promise<CatalogObject[]> {
  const { rows: paths } = await tx.query<{ path: string[] }>(
    'SELECT pg_catalog.to_json(pg_catalog.current_schemas(true)) AS path',
  )
  await tx.query('SET LOCAL search_path = pg_catalog')
  const path = paths[0]!.path.filter((schema) => !schema.startsWith('pg_temp'))
  const { rows } = await tx.query<CatalogObject>(objects)
  return [...rows, { object: 'setting search_path', of: null, definition: path.join(', ') }]
}

/** Whether the role of the connection has the owner's rights: then its own are not compared. */
export async function isOwner(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ owns: boolean }>(
    `SELECT pg_has_role(current_user, relowner, 'MEMBER') AS owns FROM pg_class WHERE oid = 'public.ledger'::regclass`,
  )
  return rows[0]!.owns
}
