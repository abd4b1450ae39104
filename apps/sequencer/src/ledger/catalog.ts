import type { Queryable } from '@ordinal/database'

/** An object of the schema as the database has it, and what it is. */
export interface CatalogObject {
  object: string
  /** The table that it belongs to, if any. */
  of: string | null
  definition: string
}

// Nothing here names an owner, an id, or a place; and what PostgreSQL prints is what it has printed alike since 15.
const objects = `
  WITH relation AS (
    SELECT c.* FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relname <> '_prisma_migrations' AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
  ), routine AS (
    SELECT p.* FROM pg_proc p
    WHERE p.pronamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
  ), held AS (
    SELECT 'table ' || relname AS object, relname AS of, relowner AS owner, '' AS part, a.*
    FROM relation, aclexplode(coalesce(relacl, acldefault('r', relowner))) a WHERE relkind <> 'c'
    UNION ALL
    SELECT 'table ' || relname, relname, relowner, '(' || attname || ')', a.*
    FROM relation JOIN pg_attribute ON attrelid = relation.oid, aclexplode(attacl) a
    UNION ALL
    SELECT 'function ' || proname, NULL, proowner, '', a.*
    FROM routine, aclexplode(coalesce(proacl, acldefault('f', proowner))) a
    UNION ALL
    SELECT 'schema public', NULL, nspowner, '', a.*
    FROM pg_namespace, aclexplode(nspacl) a WHERE nspname = 'public' AND a.privilege_type = 'CREATE'
  )
  SELECT 'table ' || relname AS object, relname AS of,
         concat_ws(' ', relkind, relpersistence, CASE WHEN relrowsecurity THEN 'row security' END) AS definition
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
  FROM relation JOIN pg_constraint c ON conrelid = relation.oid WHERE contype <> 'n'
  UNION ALL
  SELECT 'enabling of constraint ' || conname || ' on ' || r.relname, r.relname, string_agg(DISTINCT tgenabled::text, '')
  FROM pg_trigger t JOIN relation r ON tgrelid = r.oid JOIN pg_constraint c ON t.tgconstraint = c.oid
  WHERE tgisinternal GROUP BY conname, r.relname
  UNION ALL
  SELECT CASE WHEN indisunique THEN 'unique index ' ELSE 'index ' END || i.relname || ' on ' || relation.relname, relation.relname,
         concat_ws(' ', pg_get_indexdef(i.oid), CASE WHEN NOT indisvalid THEN 'invalid' END)
  FROM relation JOIN pg_index x ON indrelid = relation.oid JOIN pg_class i ON i.oid = indexrelid
  UNION ALL
  SELECT 'trigger ' || tgname || ' on ' || relname, relname,
         concat_ws(' ', proname, tgtype, encode(tgargs, 'escape'), pg_get_expr(tgqual, tgrelid), tgattr, tgoldtable, tgnewtable,
                   CASE WHEN tgdeferrable THEN 'deferrable' END)
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
  SELECT 'table ' || inhrelid::regclass || ' under ' || relname, relname, 'inherits'
  FROM relation JOIN pg_inherits ON inhparent = relation.oid
  UNION ALL
  SELECT 'function ' || proname, NULL,
         string_agg(concat_ws(E'\\n', pg_get_function_arguments(routine.oid), pg_get_function_result(routine.oid), lanname, provolatile,
                              proparallel, prosecdef, proisstrict, proleakproof, proconfig, prosrc,
                              pg_get_function_sqlbody(routine.oid)),
                    E'\\n' ORDER BY pg_get_function_arguments(routine.oid))
  FROM routine JOIN pg_language l ON l.oid = prolang WHERE prokind <> 'a' GROUP BY proname
  UNION ALL
  SELECT 'setting ' || split_part(setting, '=', 1), NULL, split_part(setting, '=', 2)
  FROM pg_db_role_setting, unnest(setconfig) setting
  WHERE setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
    AND setrole IN (0, current_user::regrole) AND setting LIKE 'session_replication_role=%'
  UNION ALL
  SELECT 'rights of ' || holder || ' on ' || object, of, string_agg(DISTINCT privilege_type || part, ', ')
  FROM (SELECT *, CASE WHEN grantee = 0 THEN 'everyone' WHEN grantee = current_user::regrole THEN 'the service'
                       ELSE 'the role ' || grantee::regrole END AS holder FROM held) held
  WHERE grantee <> owner AND (privilege_type <> 'SELECT' OR grantee = current_user::regrole)
  GROUP BY holder, object, of
  ORDER BY 1`

/** All objects of the schema that matter to the ledger, by their names. */
export async function readCatalog(db: Queryable): Promise<CatalogObject[]> {
  const { rows } = await db.query<CatalogObject>(objects)
  return rows
}

/** Whether the role of the connection may do what the owner may: then its rights are no part of the schema. */
export async function isOwner(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ owns: boolean }>(
    `SELECT pg_has_role(current_user, relowner, 'USAGE') AS owns FROM pg_class WHERE oid = 'public.ledger'::regclass`,
  )
  return rows[0]!.owns
}
