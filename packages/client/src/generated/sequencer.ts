// Made from openapi/sequencer.json by make client.
export interface paths {
    "/api/v1/next/{prefix}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The same, for a shell; programs should use POST */
        get: operations["get_next_prefix"];
        put?: never;
        /** Issue the next number, or with `count` so many that follow each other */
        post: operations["post_next_prefix"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/preview/{prefix}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the next number would be, if nobody else came first; nothing is issued */
        get: operations["get_preview_prefix"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/status/{prefix}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where the counter of the current period is, or of the period of a date */
        get: operations["get_status_prefix"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gaps/{prefix}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Values up to the counter that no document holds, and why */
        get: operations["get_gaps_prefix"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gaps/{prefix}/map": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How many values of each stretch are free, void or reserved */
        get: operations["get_gaps_prefix_map"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/numbers:batch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Issue numbers for several requests at once, each answered as by POST /api/v1/next/{prefix} */
        post: operations["post_numbers_batch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/numbers/{number}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A number: its state, and its whole history */
        get: operations["get_numbers_number"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/numbers/{number}/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Confirm a reserved number: it is issued */
        post: operations["post_numbers_number_confirm"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/numbers/{number}/release": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Release a number that no document holds: it is free, or void if the sequence is strict */
        post: operations["post_numbers_number_release"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/numbers/{number}/void": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Keep an issued number out of use for ever */
        post: operations["post_numbers_number_void"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sequence": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The same, for a shell; programs should use POST */
        get: operations["get_v1_sequence"];
        put?: never;
        /** The next value of the sequence DEFAULT */
        post: operations["post_v1_sequence"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sequence/next": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The same, for a browser; programs should use POST */
        get: operations["get_sequence_next"];
        put?: never;
        /** Draw the next number of all sites, or with `count` so many that follow each other */
        post: operations["post_sequence_next"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sequence/release": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Release a number that this site and partition drew: a gap, which the next number fills */
        post: operations["post_sequence_release"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sequence/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How much was drawn: in all, now, and by site, partition and invoice type */
        get: operations["get_sequence_stats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sequences": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List sequences with the rules in force */
        get: operations["get_sequences"];
        put?: never;
        /** Define a sequence; one that was deleted goes on where it was */
        post: operations["post_sequences"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sequences/{prefix}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a sequence, with all versions of its rules */
        get: operations["get_sequences_prefix"];
        /** Change some rules, which makes a version */
        put: operations["put_sequences_prefix"];
        post?: never;
        /** Take a sequence out of use; its numbers and its rules stay on record */
        delete: operations["delete_sequences_prefix"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sequences/{prefix}/periods/{period}/close": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Close a period that is over: nothing more is issued in it, for good */
        post: operations["post_sequences_prefix_periods_period_close"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sequences/{prefix}/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Take over numbers of another system from a file; issuing goes on above them */
        post: operations["post_sequences_prefix_import"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/demo/basic": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** All sites, partitions and types draw on one sequence */
        post: operations["post_demo_basic"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/demo/concurrent": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Clients draw at the same time: nothing twice, no hole */
        post: operations["post_demo_concurrent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/demo/gaps": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Released and suppressed numbers are drawn again */
        post: operations["post_demo_gaps"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/demo/load-test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** How many numbers a second, without HTTP */
        post: operations["post_demo_load_test"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sites": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the sites */
        get: operations["get_sites"];
        put?: never;
        /** Add a site; one that was deleted is taken into use again */
        post: operations["post_sites"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sites/{site_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a site, with all its versions */
        get: operations["get_sites_site_id"];
        /** Change partitions or settings, which makes a version */
        put: operations["put_sites_site_id"];
        post?: never;
        /** Take a site out of use; what it drew stays */
        delete: operations["delete_sites_site_id"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/api-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the managed API keys */
        get: operations["get_api_keys"];
        put?: never;
        /** Make an API key, which is shown this once */
        post: operations["post_api_keys"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/api-keys/{key_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read an API key */
        get: operations["get_api_keys_key_id"];
        /** Change when an API key ends */
        put: operations["put_api_keys_key_id"];
        post?: never;
        /** Revoke an API key: it ends within seconds, everywhere */
        delete: operations["delete_api_keys_key_id"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/api-keys/{key_id}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make an API key in place of another, which ends after an overlap */
        post: operations["post_api_keys_key_id_rotate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/api-keys:digests": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What services check API keys by: those that have not ended, with their SHA-256 */
        get: operations["get_api_keys_digests"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/api-keys:used": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Note when API keys were last used at another service */
        post: operations["post_api_keys_used"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The rows of the ledger, newest first; with `after` the change feed */
        get: operations["get_audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The ledger as a file, to verify elsewhere (NDJSON) or to look at (CSV) */
        get: operations["get_audit_export"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Compute the hash chains again from the rows, and report what does not fit */
        get: operations["get_audit_verify"];
        put?: never;
        /** Compare the ledger with a checkpoint */
        post: operations["post_audit_verify"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit/checkpoints": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The state of the ledger now, signed, for somebody else to keep */
        get: operations["get_audit_checkpoints"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The public keys of checkpoints, as a JWKS; none if nothing is signed */
        get: operations["get_audit_keys"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Server-sent events: what each batch did (`issue`, `reserve` and so on), and `stats` every second */
        get: operations["get_stream"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/diagnostics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What is to be known of this instance to judge it; what cannot be read is left out */
        get: operations["get_diagnostics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/errors/{code}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What an error means and what to do about it */
        get: operations["get_errors_code"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document */
        get: operations["get_openapi_json"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/docs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document, for reading and trying */
        get: operations["get_docs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How the service and what it needs are */
        get: operations["get_health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the process answers */
        get: operations["get_health_live"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether requests should be sent here: not while its database is away, nor while it stops */
        get: operations["get_health_ready"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Metrics in the text format of Prometheus; with tracing also in that of OpenMetrics, if asked for */
        get: operations["get_metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics/db": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The pool of database connections */
        get: operations["get_metrics_db"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description One line, without control, invisible or bidirectional characters */
        Line: string & (unknown & unknown);
        /**
         * Format: date-time
         * @example 2026-11-21T03:43:00.000Z
         */
        Timestamp: string;
        Number: {
            /** @example SG000001 */
            full_number: string;
            counter: number;
            prefix: string;
            period: string;
            state: components["schemas"]["state"];
        };
        Problem: {
            type: string;
            title: string;
            status: number;
            detail: string;
            code: string;
            request_id: string;
            errors?: {
                path: string;
                message: string;
            }[];
        };
        Preview: {
            /** @example SG000001 */
            full_number: string;
            counter: number;
            prefix: string;
            period: string;
            end?: components["schemas"]["end_2"];
            values_left?: components["schemas"]["values_left"];
        };
        Gap: {
            full_number: string;
            counter: number;
            /** @enum {string} */
            state: "free" | "void";
            /**
             * @description What made it so
             * @enum {string}
             */
            event: "issue" | "reserve" | "suppress" | "confirm" | "release" | "expire" | "void" | "import" | "skip";
            reason: string | null;
            caller: string;
            at: components["schemas"]["Timestamp"];
        };
        GapMap: {
            period: string;
            /** @description The latest, latest first */
            periods: string[];
            first_value: number;
            last_value: number;
            free: number;
            void: number;
            reserved: number;
            from: number;
            to: number;
            bucket_size: number;
            /** @description A bucket with so many of a state may have more */
            counted_to: number;
            /** @description Those with any */
            buckets: {
                from: number;
                free: number;
                void: number;
                reserved: number;
            }[];
            /** @description The first 100 */
            leases: {
                full_number: string;
                counter: number;
                caller: string;
                at: components["schemas"]["Timestamp"];
                expires_at: components["schemas"]["Timestamp"];
            }[];
        };
        NumberResult: {
            number?: components["schemas"]["Number"];
            /**
             * @description As the header Idempotency-Replayed
             * @constant
             */
            replayed?: true;
            problem?: components["schemas"]["Problem"];
            /** @description As the header Retry-After */
            retry_after_seconds?: number;
        };
        NumberWithHistory: components["schemas"]["Number"] & {
            /** @description All that ever happened to the value */
            history: ({
                /** @description Counts what happened to the value */
                revision: number;
                event: components["schemas"]["event"];
                state: components["schemas"]["state_2"];
                full_number: string;
                caller: string;
                at: components["schemas"]["Timestamp"];
            } & components["schemas"]["NumberRequest"])[];
        };
        NumberRequest: {
            hold_seconds: number | null;
            client_id: string | null;
            generated_by: string | null;
            site_id: string | null;
            partition_id: string | null;
            invoice_type: string | null;
            business_date: string | null;
            reason: string | null;
            request_id: string | null;
        };
        DrawnNumber: {
            sequence_number: number;
            full_number: string;
            site_id: string;
            partition_id: string;
            invoice_type: components["schemas"]["invoice_type"];
            /**
             * @description unused: simulated. free or void: suppressed
             * @enum {string}
             */
            state: "unused" | "issued" | "free" | "void";
        };
        ReleasedNumber: {
            sequence_number: number;
            full_number: string;
            site_id: string;
            partition_id: string;
            /**
             * @description free: it is drawn again, lowest first
             * @enum {string}
             */
            state: "free" | "void";
        };
        Stats: {
            prefix: string;
            /** @description The current one */
            period: string;
            current_counter: number;
            /** @description Values up to the counters of all periods: of them, so many are */
            values: number;
            in_use: number;
            reserved: number;
            /** @description Values that no document holds: free or void */
            gaps: number;
            /** @description In the current period, over the last minute */
            numbers_per_second: number;
            /** @description Numbers that sites have drawn */
            issued: number;
            /** @description Numbers that sites have drawn and released */
            released: number;
            sites: {
                site_id: string;
                issued: number;
                released: number;
                last_at: components["schemas"]["Timestamp"];
            }[];
            partitions: {
                site_id: string;
                partition_id: string;
                issued: number;
                released: number;
                last_at: components["schemas"]["Timestamp"];
            }[];
            invoice_types: {
                invoice_type: string;
                issued: number;
                released: number;
                last_at: components["schemas"]["Timestamp"];
            }[];
        };
        Sequence: {
            prefix: string;
            template: string;
            reset: components["schemas"]["reset"];
            time_zone: string;
            /** @description When the fiscal year begins: a month, or a day, as in "04-06" for 6 April */
            fiscal_year_start: number | string;
            start: number;
            gap_policy: components["schemas"]["gap_policy"];
            release_window_seconds: components["schemas"]["release_window_seconds"];
            sealed_to: components["schemas"]["sealed_to"];
            allow_overlap: components["schemas"]["allow_overlap"];
            business_date_past_days: components["schemas"]["business_date_past_days"];
            business_date_future_days: components["schemas"]["business_date_future_days"];
            end: components["schemas"]["end"];
            warn_at: components["schemas"]["warn_at"];
            chronological: components["schemas"]["chronological"];
            version: components["schemas"]["version"];
            active: components["schemas"]["active"];
            created_at: components["schemas"]["Timestamp"];
            /** @description Who made this version */
            created_by: string;
            reason: string | null;
        };
        SequenceWithVersions: components["schemas"]["Sequence"] & {
            /** @description All versions, the latest first */
            versions: components["schemas"]["Sequence"][];
        };
        ClosedPeriod: {
            prefix: string;
            period: string;
            closed_at: components["schemas"]["Timestamp"];
            closed_by: string;
            reason: string;
        };
        ImportReport: {
            prefix: string;
            dry_run: boolean;
            /** @description Columns of CSV, or fields of NDJSON, that are not known: the first hundred */
            ignored_columns: string[];
            /** @description Whether the file was read to its end */
            complete: boolean;
            /** @description Lines that were read, the one that names the columns aside */
            rows: number;
            /** @description Rows written, void ones too */
            imported: number;
            /** @description Imported before */
            already_there: number;
            /** @description Values between them that the file leaves out: they are void */
            skipped: number;
            refused: {
                total: number;
                /** @description The first hundred */
                shown: {
                    line: number;
                    number: string;
                    reason: string;
                }[];
            };
            periods: {
                period: string;
                imported: number;
                skipped: number;
                current_counter: number;
            }[];
            /** @description Why it ended before the end of the file; what was done before stays */
            stopped: {
                code: string;
                detail: string;
            } | null;
        };
        DemoReport: {
            demo: string;
            prefix: string;
            period: string;
            steps: {
                step: string;
                /** @description Empty where there are too many */
                numbers: string[];
            }[];
            /** @description How many were drawn */
            numbers: number;
            seconds: number | null;
            numbers_per_second: number | null;
            promises: {
                promise: string;
                held: boolean;
                /** @description In the ledger */
                found: string;
            }[];
            /** @description Whether all promises were */
            held: boolean;
        };
        Site: {
            site_id: string;
            partitions: string[];
            simulation: components["schemas"]["simulation"];
            version: components["schemas"]["version"];
            active: components["schemas"]["active"];
            created_at: components["schemas"]["Timestamp"];
            /** @description Who made this version */
            created_by: string;
            reason: string | null;
        };
        SiteWithVersions: components["schemas"]["Site"] & {
            /** @description All versions, the latest first */
            versions: components["schemas"]["Site"][];
        };
        ApiKey: {
            id: components["schemas"]["id"];
            name: string;
            scopes: components["schemas"]["scopes"];
            /** @enum {string} */
            state: "active" | "expired" | "revoked";
            expires_at: components["schemas"]["expires_at"];
            /** @description The key that was rotated for it */
            replaces: string | null;
            /** @description To about a minute */
            last_used_at: components["schemas"]["Timestamp"] | null;
            version: number;
            created_at: components["schemas"]["Timestamp"];
            created_by: string;
            changed_at: components["schemas"]["Timestamp"];
            changed_by: string;
            reason: string | null;
        };
        MadeApiKey: {
            /** @description For X-API-Key. Shown this once: only its SHA-256 is kept */
            key: string;
            api_key: components["schemas"]["ApiKey"];
        };
        KnownApiKeys: {
            data: {
                id: components["schemas"]["id"];
                name: string;
                sha256: string;
                scopes: components["schemas"]["scopes"];
                expires_at: components["schemas"]["expires_at"];
            }[];
        };
        LedgerEntry: {
            prefix: string;
            period: string;
            /** @description Which commit of its counter, from 1 */
            batch: number;
            /** @description Which row of the batch, from 1 */
            position: number;
            value: number;
            /** @description Which step of the value, from 1 */
            revision: number;
            event: components["schemas"]["event"];
            state: components["schemas"]["state_2"];
            number: string;
            caller: string;
            /** @description The caller's, or the one that was generated for the request */
            idempotency_key: string;
            /** @description Which number of the request, from 0 */
            item: number;
            /**
             * Format: date-time
             * @example 2026-11-21T03:43:00.123456Z
             */
            at: string;
        } & components["schemas"]["NumberRequest"];
        Verification: {
            fits: boolean;
            finding_count: number;
            findings: components["schemas"]["findings"];
            counters: number;
            batches: number;
            rows: number;
            seconds: number;
            rows_per_second: number;
        };
        Finding: {
            /** @enum {string} */
            kind: "altered" | "missing" | "added" | "swapped" | "tail_cut" | "counter_behind" | "rewritten" | "backdated" | "illegal_step" | "given_twice" | "derived" | "schema";
            prefix: string | null;
            period: string | null;
            batch: number | null;
            position: number | null;
            value: number | null;
            number: string | null;
            /** @description How many rows the fault may lie in, from that one on; 1 if the row is certain */
            rows: number | null;
            column: string | null;
            /** @description What the finding is about if it is no counter, such as "rules SG version 2" */
            object: string | null;
            detail: string;
        };
        Comparison: {
            fits: boolean;
            finding_count: number;
            findings: components["schemas"]["findings"];
            /** @description Of the checkpoint */
            at: components["schemas"]["Timestamp"];
            heads: number;
        };
        Checkpoint: {
            /** @description Everything dated earlier is in it */
            at: components["schemas"]["Timestamp"];
            counters: number;
            /** @description Of the tree of all heads */
            root: string;
            /** @description Where they are few, or requested. Kept, they show which counter differs */
            heads?: {
                prefix: string;
                period: string;
                batch: number;
                /** @description The hash of that batch */
                head: string;
            }[];
            /** @description The state, signed: a compact JWS with EdDSA. Keep this elsewhere */
            checkpoint: string;
        };
        Diagnostics: {
            service: string;
            version: string;
            at: components["schemas"]["Timestamp"];
            production: boolean;
            /**
             * @description Of callers: none; any; by role and scope
             * @enum {string}
             */
            authentication: "open" | "known" | "closed";
            database?: {
                version: string;
                role: string;
                /** @description Of superuser, create_role, create_database, replication, bypass_row_security, owner */
                rights: string[];
                settings: {
                    [key: string]: string;
                };
                standbys: number;
                connections: number;
                /** @description Of the clock of the service */
                clock_ahead_ms: number;
            };
            migrations?: {
                missing: string[];
                /** @description Not of this build */
                unknown: string[];
                unfinished: string[];
            };
            pools: {
                name: string;
                max: number;
                /** @description Callers, at each moment of a look */
                waiting: number;
            }[];
            /** @description When each expires */
            certificates: {
                [key: string]: components["schemas"]["Timestamp"];
            };
            breakers: {
                [key: string]: string;
            };
            /** @description From the schema of the build: the first */
            schema_differences?: string[];
            checkpoints: {
                signed: boolean;
                /** @description When the log last had one of now */
                logged_at?: components["schemas"]["Timestamp"];
                /** @description When somebody last got one */
                given_at?: components["schemas"]["Timestamp"];
            };
            /** @description The sequences nearest to their ends */
            ranges?: {
                prefix: string;
                period: string;
                end: number;
                left: number;
                warn_at: number;
            }[];
        };
        Health: {
            /** @enum {string} */
            status: "ok" | "degraded" | "unavailable";
            service: string;
            version: string;
            uptime_seconds: number;
            authentication_required: boolean;
            checks: {
                [key: string]: string;
            };
        };
        pagination: {
            page: number;
            page_size: number;
            total: number;
            total_pages: number;
        };
        pagination_2: {
            page_size: number;
            /** @description null at the end */
            next_cursor: string | null;
        };
        client_id: string & components["schemas"]["Line"];
        /**
         * @description Why; it stays on record
         * @example ticket 4711
         */
        reason: string & components["schemas"]["Line"];
        /** @example partition-a */
        partition_id: string;
        /** @example site-1 */
        site_id: string;
        /** @example SG */
        prefix: string;
        /** @description null: it does not end by itself */
        expires_at: components["schemas"]["Timestamp"] | null;
        /**
         * Format: date
         * @description The document's date, for back-dating; today in the sequence's time zone if not given
         */
        business_date: string;
        /**
         * @description Why; it stays on record
         * @example order cancelled
         */
        reason_2: string & components["schemas"]["Line"];
        /**
         * @description When values begin again at the start value
         * @enum {string}
         */
        reset: "never" | "yearly" | "fiscal_yearly" | "quarterly" | "monthly" | "weekly" | "daily";
        /**
         * @description recycle: a released value is issued again, lowest first. strict: it becomes void
         * @enum {string}
         */
        gap_policy: "recycle" | "strict";
        /** @description For how many seconds anonymous callers may release what anonymous callers drew; 0: never */
        release_window_seconds: number;
        /** @description The only caller that may issue, reserve and change its numbers; null: any */
        sealed_to: (string & components["schemas"]["Line"]) | null;
        /** @description Whether another sequence may have the same numbers, which are then addressed with their prefix */
        allow_overlap: boolean;
        /** @description How many days a business date may lie before the current one; null: any */
        business_date_past_days: number | null;
        /** @description How many days a business date may lie after the current one; null: any */
        business_date_future_days: number | null;
        /**
         * @description The last value that may be issued in a period; null: there is none
         * @example 500
         */
        end: number | null;
        /**
         * @description With how many values left the service warns: a number, or a percentage (1% to 99%) of those from start to end; null: when none is left
         * @example 10%
         */
        warn_at: (number | string) | null;
        /** @description Whether a number is refused whose business date is before that of the last of its period; only with gap_policy strict */
        chronological: boolean;
        /** @description Whether the site may preview numbers (invoice type simulated) */
        simulation: boolean;
        /**
         * @description No secret: it is in the key
         * @example 7hKq2LmXw0Rt
         */
        id: string;
        /** @enum {string} */
        event: "issue" | "reserve" | "suppress" | "confirm" | "release" | "expire" | "void" | "import" | "skip";
        /**
         * @description The system that asks
         * @example erp-system
         */
        client_id_2: string & components["schemas"]["Line"];
        /**
         * @description The person or job that it asks for
         * @example user123
         */
        generated_by: string & components["schemas"]["Line"];
        /**
         * @description The site that draws the number, with its partition
         * @example site-1
         */
        site_id_2: string;
        /** @description Reserves instead of issuing: released unless confirmed within so many seconds */
        hold_seconds: number;
        numbers: components["schemas"]["Number"][];
        /** @description The last value that may be issued, where the rules have an end */
        end_2: number;
        /** @description How many values can still be issued in the period, where the rules have an end */
        values_left: number;
        numbers_2: components["schemas"]["DrawnNumber"][];
        /**
         * @description With braces, or in printf notation, which is kept as braces
         * @example {prefix}{YYYY}-{seq:4}
         */
        template: string & components["schemas"]["Line"];
        /**
         * @description The IANA time zone in which a moment has its business date
         * @example Europe/Berlin
         */
        time_zone: string & components["schemas"]["Line"];
        /** @description When the fiscal year begins: a month, or a day, as in "04-06" for 6 April */
        fiscal_year_start: number | string;
        /** @description The first value of a period that has not begun; may only be raised */
        start: number;
        partitions: string[];
        /** @enum {string} */
        state: "reserved" | "issued" | "free" | "void";
        /**
         * @description After the event
         * @enum {string}
         */
        state_2: "reserved" | "issued" | "free" | "void";
        /** @enum {string} */
        invoice_type: "on-cycle" | "off-cycle" | "simulated" | "suppressed";
        /** @description Counts the changes; the ETag */
        version: number;
        /** @description false once it was deleted */
        active: boolean;
        scopes: string[] | null;
        /** @description The first of them, in the order of the chains */
        findings: components["schemas"]["Finding"][];
        /**
         * Format: date-time
         * @example 2026-11-21T00:00:00Z
         */
        from: string;
    };
    responses: {
        /** @description `validation_failed`: The request does not fit the schema */
        BadRequest: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description 400 `malformed_request`
         *
         *     400 `condition_not_supported`
         *
         *     400 `malformed_url`
         *
         *     400 `malformed_json`
         *
         *     400 `json_too_complex`
         *
         *     400 `invalid_idempotency_key`
         *
         *     401 `authentication_required`
         *
         *     401 `invalid_api_key`
         *
         *     401 `invalid_token`
         *
         *     403 `scope_missing`
         *
         *     403 `cross_site_request`
         *
         *     403 `role_too_low`
         *
         *     408 `request_timeout`
         *
         *     412 `version_mismatch`
         *
         *     413 `body_too_large`
         *
         *     415 `unsupported_media_type`
         *
         *     417 `expectation_failed`
         *
         *     421 `host_not_allowed`
         *
         *     422 `idempotency_key_reused`
         *
         *     429 `rate_limited`
         *
         *     431 `headers_too_large`
         *
         *     500 `internal_error`
         *
         *     503 `overloaded`
         *
         *     503 `database_unavailable`
         *
         *     503 `outcome_unknown`
         *
         *     503 `token_keys_unavailable`
         *
         *     503 `api_keys_unavailable`
         *
         *     504 `deadline_exceeded`
         */
        AnyError: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "RateLimit-Limit": components["headers"]["RateLimit-Limit"];
                "RateLimit-Remaining": components["headers"]["RateLimit-Remaining"];
                "RateLimit-Reset": components["headers"]["RateLimit-Reset"];
                "Retry-After": components["headers"]["Retry-After"];
                "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `sequence_not_found`: There is no such sequence */
        NotFound: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description 400 `malformed_request`
         *
         *     400 `condition_not_supported`
         *
         *     400 `malformed_url`
         *
         *     401 `authentication_required`
         *
         *     401 `invalid_api_key`
         *
         *     401 `invalid_token`
         *
         *     403 `scope_missing`
         *
         *     403 `role_too_low`
         *
         *     408 `request_timeout`
         *
         *     412 `version_mismatch`
         *
         *     417 `expectation_failed`
         *
         *     421 `host_not_allowed`
         *
         *     429 `rate_limited`
         *
         *     431 `headers_too_large`
         *
         *     500 `internal_error`
         *
         *     503 `overloaded`
         *
         *     503 `database_unavailable`
         *
         *     503 `token_keys_unavailable`
         *
         *     503 `api_keys_unavailable`
         *
         *     504 `deadline_exceeded`
         */
        AnyError_2: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "RateLimit-Limit": components["headers"]["RateLimit-Limit"];
                "RateLimit-Remaining": components["headers"]["RateLimit-Remaining"];
                "RateLimit-Reset": components["headers"]["RateLimit-Reset"];
                "Retry-After": components["headers"]["Retry-After"];
                "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `sequencer_overloaded`: Too many requests are waiting for this sequence
         *
         *     `ledger_behind`: The ledger may be older than what is known of it
         */
        ServiceUnavailable: {
            headers: {
                "Retry-After": components["headers"]["Retry-After"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `ledger_behind`: The ledger may be older than what is known of it */
        ServiceUnavailable_2: {
            headers: {
                "Retry-After": components["headers"]["Retry-After"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `quota_exceeded`: The caller has used up its quota of this sequence */
        TooManyRequests: {
            headers: {
                "Retry-After": components["headers"]["Retry-After"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `sequence_sealed`: The sequence is sealed to one caller */
        Forbidden: {
            headers: {
                "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `number_not_found`: There is no such number */
        NotFound_2: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `sequence_exhausted`: The sequence has no more values
         *
         *     `business_date_out_of_window`: The business date is too old, or too far ahead
         *
         *     `out_of_order_date`: The business date is before that of the last number
         *
         *     `period_closed`: The period is closed
         *
         *     `rules_overlap`: Two sequences could give the same number
         */
        Conflict: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `site_unknown`: The request names a site or partition that draws no numbers */
        UnprocessableEntity: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `number_held_by_another`: Another caller holds the number */
        Forbidden_2: {
            headers: {
                "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description If-None-Match has the ETag; no body */
        NotModified: {
            headers: {
                ETag: components["headers"]["ETag"];
                [name: string]: unknown;
            };
            content?: never;
        };
        /** @description Done; no body */
        NoContent: {
            headers: {
                [name: string]: unknown;
            };
            content?: never;
        };
        /** @description Done */
        OK: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["DemoReport"];
            };
        };
        /**
         * @description `sequence_sealed`: The sequence is sealed to one caller
         *
         *     `demos_off`: Demonstrations are switched off
         */
        Forbidden_3: {
            headers: {
                "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `sequence_exhausted`: The sequence has no more values
         *
         *     `business_date_out_of_window`: The business date is too old, or too far ahead
         *
         *     `out_of_order_date`: The business date is before that of the last number
         *
         *     `period_closed`: The period is closed
         *
         *     `rules_overlap`: Two sequences could give the same number
         *
         *     `demo_under_way`: Another demonstration runs
         */
        Conflict_2: {
            headers: {
                "Retry-After": components["headers"]["Retry-After"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `api_key_not_found`: There is no such API key */
        NotFound_3: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Done */
        OK_2: {
            headers: {
                "Idempotency-Replayed": components["headers"]["Idempotency-Replayed"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Number"];
            };
        };
        /**
         * @description `number_ambiguous`: More than one number fits
         *
         *     `number_state_conflict`: The number is in a state that does not allow this
         */
        Conflict_3: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `site_not_found`: There is no such site */
        NotFound_4: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description 400 `malformed_request`
         *
         *     400 `condition_not_supported`
         *
         *     408 `request_timeout`
         *
         *     417 `expectation_failed`
         *
         *     421 `host_not_allowed`
         *
         *     429 `rate_limited`
         *
         *     431 `headers_too_large`
         *
         *     500 `internal_error`
         *
         *     503 `overloaded`
         */
        AnyError_3: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "RateLimit-Limit": components["headers"]["RateLimit-Limit"];
                "RateLimit-Remaining": components["headers"]["RateLimit-Remaining"];
                "RateLimit-Reset": components["headers"]["RateLimit-Reset"];
                "Retry-After": components["headers"]["Retry-After"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Done */
        OK_3: {
            headers: {
                "Idempotency-Replayed": components["headers"]["Idempotency-Replayed"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Number"] | {
                    numbers: components["schemas"]["numbers"];
                };
            };
        };
        /** @description Done */
        OK_4: {
            headers: {
                "Idempotency-Replayed": components["headers"]["Idempotency-Replayed"];
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    sequence: number;
                };
            };
        };
        /** @description Done */
        OK_5: {
            headers: {
                "Idempotency-Replayed": components["headers"]["Idempotency-Replayed"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["DrawnNumber"] | {
                    numbers: components["schemas"]["numbers_2"];
                };
            };
        };
        /**
         * @description `sequence_exhausted`: The sequence has no more values
         *
         *     `business_date_out_of_window`: The business date is too old, or too far ahead
         *
         *     `out_of_order_date`: The business date is before that of the last number
         *
         *     `period_closed`: The period is closed
         *
         *     `rules_overlap`: Two sequences could give the same number
         *
         *     `simulation_off`: The site may not simulate numbers
         */
        Conflict_4: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `rules_changed`: Somebody else changed the rules at the same time
         *
         *     `rules_conflict`: The rules do not fit the numbers that were issued
         *
         *     `rules_overlap`: Two sequences could give the same number
         */
        Conflict_5: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `site_changed`: Somebody else changed the site at the same time */
        Conflict_6: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Done */
        Created: {
            headers: {
                ETag: components["headers"]["ETag"];
                Location: components["headers"]["Location"];
                "Idempotency-Replayed": components["headers"]["Idempotency-Replayed"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["MadeApiKey"];
            };
        };
        /** @description Done */
        OK_6: {
            headers: {
                ETag: components["headers"]["ETag"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["ApiKey"];
            };
        };
        /** @description `too_many_open`: The client has as many streams or exports open as one may have */
        TooManyRequests_2: {
            headers: {
                "Retry-After": components["headers"]["Retry-After"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `signing_key_missing`: There is no key to sign or check checkpoints with */
        NotImplemented: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Done */
        OK_7: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "text/html": string;
            };
        };
        /** @description Done */
        OK_8: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Health"];
            };
        };
        /** @description `overloaded`: Too many requests of this kind */
        ServiceUnavailable_3: {
            headers: {
                "Retry-After": components["headers"]["Retry-After"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Health"];
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description 400 `malformed_request`
         *
         *     400 `condition_not_supported`
         *
         *     408 `request_timeout`
         *
         *     417 `expectation_failed`
         *
         *     421 `host_not_allowed`
         *
         *     431 `headers_too_large`
         *
         *     500 `internal_error`
         *
         *     503 `overloaded`
         */
        AnyError_4: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "Retry-After": components["headers"]["Retry-After"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: {
        /** @description Makes the request safe to repeat: the same key with the same request gets the same answer. */
        IdempotencyKey: string;
        prefix: components["schemas"]["prefix"];
        /** @description How many milliseconds the caller waits: what has not begun by then is not begun. */
        XRequestTimeoutMs: number;
        /** @description Only if it still has the version of one of these ETags: else 412, and nothing changes. Weak tags, tags that a proxy has marked as compressed, and versions without quotes count by their version */
        IfMatch: string;
        period: string;
        page_size: number;
        number: string & components["schemas"]["Line"];
        /** @description Its sequence, where several have issued such a number */
        prefix_2: string;
        /** @description Only if the ETag is none of these: else 304, without a body. Weak tags count as strong ones */
        IfNoneMatch: string;
        /** @description No secret: it is in the key */
        key_id: string;
        prefix_3: components["schemas"]["prefix"];
        business_date: components["schemas"]["business_date"];
        page: number;
        active: boolean;
        reason: components["schemas"]["reason"];
        site_id: components["schemas"]["site_id"];
        count: number;
        /** @description `next_cursor` of the answer before, with the same filters; from the beginning if not given */
        cursor: string;
        from: number;
        to: number;
        /** @description Not before this moment */
        from_2: components["schemas"]["from"];
        /** @description Before this moment */
        to_2: components["schemas"]["from"];
    };
    requestBodies: {
        Body: {
            content: {
                "application/json": {
                    client_id?: components["schemas"]["client_id"];
                    generated_by?: components["schemas"]["client_id"];
                    reason: components["schemas"]["reason_2"];
                };
            };
        };
    };
    headers: {
        /** @description The id of the request in logs: as it was sent, or generated */
        "X-Request-Id": string;
        /** @description The version, and what else the answer depends on; for If-Match and If-None-Match */
        ETag: string;
        /** @description The path of what was created */
        Location: string;
        /** @description `true` if this is the answer that the same Idempotency-Key got before */
        "Idempotency-Replayed": "true";
        /** @description Seconds until another try makes sense */
        "Retry-After": number;
        /** @description How to authenticate, and what was wrong */
        "WWW-Authenticate": string;
        /** @description Requests a second of one client, where there is a limit */
        "RateLimit-Limit": number;
        /** @description How many of them are left */
        "RateLimit-Remaining": number;
        /** @description Seconds until all of them are there again */
        "RateLimit-Reset": number;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    get_next_prefix: {
        parameters: {
            query?: {
                /** @description The system that asks */
                client_id?: string & components["schemas"]["Line"];
                /** @description The person or job that it asks for */
                generated_by?: string & components["schemas"]["Line"];
                business_date?: components["parameters"]["business_date"];
                /** @description The site that draws the number, with its partition */
                site_id?: components["schemas"]["site_id"];
                partition_id?: components["schemas"]["partition_id"];
                invoice_type?: "on-cycle" | "off-cycle";
                count?: components["parameters"]["count"];
                /** @description Reserves instead of issuing: released unless confirmed within so many seconds */
                hold_seconds?: number;
            };
            header?: {
                /** @description Makes the request safe to repeat: the same key with the same request gets the same answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description How many milliseconds the caller waits: what has not begun by then is not begun. */
                "X-Request-Timeout-Ms"?: components["parameters"]["XRequestTimeoutMs"];
            };
            path: {
                prefix: components["parameters"]["prefix"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["OK_3"];
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
            default: components["responses"]["AnyError"];
        };
    };
    post_next_prefix: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request safe to repeat: the same key with the same request gets the same answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description How many milliseconds the caller waits: what has not begun by then is not begun. */
                "X-Request-Timeout-Ms"?: components["parameters"]["XRequestTimeoutMs"];
            };
            path: {
                prefix: components["parameters"]["prefix"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    client_id?: components["schemas"]["client_id_2"];
                    generated_by?: components["schemas"]["generated_by"];
                    business_date?: components["schemas"]["business_date"];
                    site_id?: components["schemas"]["site_id_2"];
                    partition_id?: components["schemas"]["partition_id"];
                    /** @enum {string} */
                    invoice_type?: "on-cycle" | "off-cycle";
                    count?: number;
                    hold_seconds?: components["schemas"]["hold_seconds"];
                };
            };
        };
        responses: {
            200: components["responses"]["OK_3"];
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
            default: components["responses"]["AnyError"];
        };
    };
    get_preview_prefix: {
        parameters: {
            query?: {
                business_date?: components["parameters"]["business_date"];
            };
            header?: never;
            path: {
                prefix: components["parameters"]["prefix"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Preview"];
                };
            };
            400: components["responses"]["BadRequest"];
            404: components["responses"]["NotFound"];
            /**
             * @description `period_closed`: The period is closed
             *
             *     `sequence_exhausted`: The sequence has no more values
             *
             *     `out_of_order_date`: The business date is before that of the last number
             */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            default: components["responses"]["AnyError_2"];
        };
    };
    get_status_prefix: {
        parameters: {
            query?: {
                business_date?: components["parameters"]["business_date"];
            };
            header?: never;
            path: {
                prefix: components["parameters"]["prefix"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        prefix: string;
                        period: string;
                        current_counter: number;
                        /** @description The value after the counter; a free one is issued before it */
                        next_counter: number;
                        /** @description Values up to the counter that no document holds */
                        gaps: number;
                        reserved: number;
                        /**
                         * @description Nothing more is issued in this period
                         * @constant
                         */
                        closed?: true;
                        end?: components["schemas"]["end_2"];
                        values_left?: components["schemas"]["values_left"];
                        database_healthy: boolean;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            404: components["responses"]["NotFound"];
            default: components["responses"]["AnyError_2"];
        };
    };
    get_gaps_prefix: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the answer before, with the same filters; from the beginning if not given */
                cursor?: components["parameters"]["cursor"];
                page_size?: components["parameters"]["page_size"];
                period?: components["parameters"]["period"];
                state?: "free" | "void";
                from?: components["parameters"]["from"];
                to?: components["parameters"]["to"];
            };
            header?: never;
            path: {
                prefix: components["parameters"]["prefix"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Gap"][];
                        pagination: components["schemas"]["pagination_2"];
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            404: components["responses"]["NotFound"];
            default: components["responses"]["AnyError_2"];
        };
    };
    get_gaps_prefix_map: {
        parameters: {
            query?: {
                period?: components["parameters"]["period"];
                from?: components["parameters"]["from"];
                to?: components["parameters"]["to"];
                buckets?: number;
            };
            header?: never;
            path: {
                prefix: components["parameters"]["prefix"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GapMap"];
                };
            };
            400: components["responses"]["BadRequest"];
            404: components["responses"]["NotFound"];
            default: components["responses"]["AnyError_2"];
        };
    };
    post_numbers_batch: {
        parameters: {
            query?: never;
            header?: {
                /** @description How many milliseconds the caller waits: what has not begun by then is not begun. */
                "X-Request-Timeout-Ms"?: components["parameters"]["XRequestTimeoutMs"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    requests: {
                        prefix: components["schemas"]["prefix"];
                        client_id?: components["schemas"]["client_id_2"];
                        generated_by?: components["schemas"]["generated_by"];
                        business_date?: components["schemas"]["business_date"];
                        site_id?: components["schemas"]["site_id_2"];
                        partition_id?: components["schemas"]["partition_id"];
                        /** @enum {string} */
                        invoice_type?: "on-cycle" | "off-cycle";
                        hold_seconds?: components["schemas"]["hold_seconds"];
                        /** @description As the header Idempotency-Key of a request for one number */
                        idempotency_key?: string;
                        /** @description The request that the number is for, on record; that of the call if not given */
                        request_id?: string;
                        /** @description For how long this one is wanted */
                        timeout_ms?: number;
                    }[];
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        results: components["schemas"]["NumberResult"][];
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            default: components["responses"]["AnyError"];
        };
    };
    get_numbers_number: {
        parameters: {
            query?: {
                /** @description Its sequence, where several have issued such a number */
                prefix?: components["parameters"]["prefix_2"];
            };
            header?: never;
            path: {
                number: components["parameters"]["number"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NumberWithHistory"];
                };
            };
            400: components["responses"]["BadRequest"];
            404: components["responses"]["NotFound_2"];
            /** @description `number_ambiguous`: More than one number fits */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            default: components["responses"]["AnyError_2"];
        };
    };
    post_numbers_number_confirm: {
        parameters: {
            query?: {
                /** @description Its sequence, where several have issued such a number */
                prefix?: components["parameters"]["prefix_2"];
            };
            header?: {
                /** @description Makes the request safe to repeat: the same key with the same request gets the same answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description How many milliseconds the caller waits: what has not begun by then is not begun. */
                "X-Request-Timeout-Ms"?: components["parameters"]["XRequestTimeoutMs"];
            };
            path: {
                number: components["parameters"]["number"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    client_id?: components["schemas"]["client_id"];
                    generated_by?: components["schemas"]["client_id"];
                    reason?: components["schemas"]["reason_2"];
                };
            };
        };
        responses: {
            200: components["responses"]["OK_2"];
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden_2"];
            404: components["responses"]["NotFound_2"];
            409: components["responses"]["Conflict_3"];
            503: components["responses"]["ServiceUnavailable"];
            default: components["responses"]["AnyError"];
        };
    };
    post_numbers_number_release: {
        parameters: {
            query?: {
                /** @description Its sequence, where several have issued such a number */
                prefix?: components["parameters"]["prefix_2"];
            };
            header?: {
                /** @description Makes the request safe to repeat: the same key with the same request gets the same answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description How many milliseconds the caller waits: what has not begun by then is not begun. */
                "X-Request-Timeout-Ms"?: components["parameters"]["XRequestTimeoutMs"];
            };
            path: {
                number: components["parameters"]["number"];
            };
            cookie?: never;
        };
        requestBody: components["requestBodies"]["Body"];
        responses: {
            200: components["responses"]["OK_2"];
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden_2"];
            404: components["responses"]["NotFound_2"];
            409: components["responses"]["Conflict_3"];
            503: components["responses"]["ServiceUnavailable"];
            default: components["responses"]["AnyError"];
        };
    };
    post_numbers_number_void: {
        parameters: {
            query?: {
                /** @description Its sequence, where several have issued such a number */
                prefix?: components["parameters"]["prefix_2"];
            };
            header?: {
                /** @description Makes the request safe to repeat: the same key with the same request gets the same answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description How many milliseconds the caller waits: what has not begun by then is not begun. */
                "X-Request-Timeout-Ms"?: components["parameters"]["XRequestTimeoutMs"];
            };
            path: {
                number: components["parameters"]["number"];
            };
            cookie?: never;
        };
        requestBody: components["requestBodies"]["Body"];
        responses: {
            200: components["responses"]["OK_2"];
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden_2"];
            404: components["responses"]["NotFound_2"];
            409: components["responses"]["Conflict_3"];
            503: components["responses"]["ServiceUnavailable"];
            default: components["responses"]["AnyError"];
        };
    };
    get_v1_sequence: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request safe to repeat: the same key with the same request gets the same answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description How many milliseconds the caller waits: what has not begun by then is not begun. */
                "X-Request-Timeout-Ms"?: components["parameters"]["XRequestTimeoutMs"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["OK_4"];
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
            default: components["responses"]["AnyError"];
        };
    };
    post_v1_sequence: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request safe to repeat: the same key with the same request gets the same answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description How many milliseconds the caller waits: what has not begun by then is not begun. */
                "X-Request-Timeout-Ms"?: components["parameters"]["XRequestTimeoutMs"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            200: components["responses"]["OK_4"];
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
            default: components["responses"]["AnyError"];
        };
    };
    get_sequence_next: {
        parameters: {
            query: {
                site_id: components["schemas"]["site_id"];
                partition_id: components["schemas"]["partition_id"];
                /** @description simulated: what the number would be, drawing none. suppressed: draws it and releases it at once */
                invoice_type?: components["schemas"]["invoice_type"];
                count?: components["parameters"]["count"];
            };
            header?: {
                /** @description Makes the request safe to repeat: the same key with the same request gets the same answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description How many milliseconds the caller waits: what has not begun by then is not begun. */
                "X-Request-Timeout-Ms"?: components["parameters"]["XRequestTimeoutMs"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["OK_5"];
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict_4"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
            default: components["responses"]["AnyError"];
        };
    };
    post_sequence_next: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request safe to repeat: the same key with the same request gets the same answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description How many milliseconds the caller waits: what has not begun by then is not begun. */
                "X-Request-Timeout-Ms"?: components["parameters"]["XRequestTimeoutMs"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    site_id: components["schemas"]["site_id"];
                    partition_id: components["schemas"]["partition_id"];
                    /**
                     * @description simulated: what the number would be, drawing none. suppressed: draws it and releases it at once
                     * @default on-cycle
                     * @enum {string}
                     */
                    invoice_type?: "on-cycle" | "off-cycle" | "simulated" | "suppressed";
                    count?: number;
                };
            };
        };
        responses: {
            200: components["responses"]["OK_5"];
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict_4"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
            default: components["responses"]["AnyError"];
        };
    };
    post_sequence_release: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request safe to repeat: the same key with the same request gets the same answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description How many milliseconds the caller waits: what has not begun by then is not begun. */
                "X-Request-Timeout-Ms"?: components["parameters"]["XRequestTimeoutMs"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    sequence_number?: number;
                    /**
                     * @description In place of sequence_number, which several periods may have
                     * @example 5
                     */
                    full_number?: string & components["schemas"]["Line"];
                    site_id: components["schemas"]["site_id"];
                    partition_id: components["schemas"]["partition_id"];
                    /**
                     * @description Why; it stays on record
                     * @example suppressed-bill
                     */
                    reason: string & components["schemas"]["Line"];
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    "Idempotency-Replayed": components["headers"]["Idempotency-Replayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReleasedNumber"];
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden_2"];
            404: components["responses"]["NotFound_2"];
            /**
             * @description `number_ambiguous`: More than one number fits
             *
             *     `number_of_another_site`: The number was drawn by another site or partition
             *
             *     `number_state_conflict`: The number is in a state that does not allow this
             */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            503: components["responses"]["ServiceUnavailable"];
            default: components["responses"]["AnyError"];
        };
    };
    get_sequence_stats: {
        parameters: {
            query?: {
                /** @description Another sequence */
                prefix?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Stats"];
                };
            };
            400: components["responses"]["BadRequest"];
            404: components["responses"]["NotFound"];
            default: components["responses"]["AnyError_2"];
        };
    };
    get_sequences: {
        parameters: {
            query?: {
                page?: components["parameters"]["page"];
                page_size?: components["parameters"]["page_size"];
                active?: components["parameters"]["active"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Sequence"][];
                        pagination: components["schemas"]["pagination"];
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            default: components["responses"]["AnyError_2"];
        };
    };
    post_sequences: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    prefix: components["schemas"]["prefix"];
                    template: components["schemas"]["template"];
                    /** @default never */
                    reset?: components["schemas"]["reset"];
                    /** @default UTC */
                    time_zone?: components["schemas"]["time_zone"];
                    fiscal_year_start?: components["schemas"]["fiscal_year_start"];
                    /** @default 1 */
                    start?: components["schemas"]["start"];
                    /** @default recycle */
                    gap_policy?: components["schemas"]["gap_policy"];
                    /** @default 3600 */
                    release_window_seconds?: components["schemas"]["release_window_seconds"];
                    /** @default null */
                    sealed_to?: components["schemas"]["sealed_to"];
                    /** @default false */
                    allow_overlap?: components["schemas"]["allow_overlap"];
                    /** @default 366 */
                    business_date_past_days?: components["schemas"]["business_date_past_days"];
                    /** @default 31 */
                    business_date_future_days?: components["schemas"]["business_date_future_days"];
                    /** @default null */
                    end?: components["schemas"]["end"];
                    /** @default null */
                    warn_at?: components["schemas"]["warn_at"];
                    /** @default false */
                    chronological?: components["schemas"]["chronological"];
                    reason?: components["schemas"]["reason"];
                };
            };
        };
        responses: {
            /** @description Done */
            201: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Sequence"];
                };
            };
            400: components["responses"]["BadRequest"];
            /**
             * @description `sequence_exists`: The sequence exists already
             *
             *     `rules_changed`: Somebody else changed the rules at the same time
             *
             *     `rules_conflict`: The rules do not fit the numbers that were issued
             *
             *     `rules_overlap`: Two sequences could give the same number
             */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            503: components["responses"]["ServiceUnavailable_2"];
            default: components["responses"]["AnyError"];
        };
    };
    get_sequences_prefix: {
        parameters: {
            query?: never;
            header?: {
                /** @description Only if it still has the version of one of these ETags: else 412, and nothing changes. Weak tags, tags that a proxy has marked as compressed, and versions without quotes count by their version */
                "If-Match"?: components["parameters"]["IfMatch"];
                /** @description Only if the ETag is none of these: else 304, without a body. Weak tags count as strong ones */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                prefix: components["parameters"]["prefix"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SequenceWithVersions"];
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            404: components["responses"]["NotFound"];
            default: components["responses"]["AnyError_2"];
        };
    };
    put_sequences_prefix: {
        parameters: {
            query?: never;
            header?: {
                /** @description Only if it still has the version of one of these ETags: else 412, and nothing changes. Weak tags, tags that a proxy has marked as compressed, and versions without quotes count by their version */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                prefix: components["parameters"]["prefix"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    template?: components["schemas"]["template"];
                    reset?: components["schemas"]["reset"];
                    time_zone?: components["schemas"]["time_zone"];
                    fiscal_year_start?: components["schemas"]["fiscal_year_start"];
                    start?: components["schemas"]["start"];
                    gap_policy?: components["schemas"]["gap_policy"];
                    release_window_seconds?: components["schemas"]["release_window_seconds"];
                    sealed_to?: components["schemas"]["sealed_to"];
                    allow_overlap?: components["schemas"]["allow_overlap"];
                    business_date_past_days?: components["schemas"]["business_date_past_days"];
                    business_date_future_days?: components["schemas"]["business_date_future_days"];
                    end?: components["schemas"]["end"];
                    warn_at?: components["schemas"]["warn_at"];
                    chronological?: components["schemas"]["chronological"];
                    reason?: components["schemas"]["reason"];
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Sequence"];
                };
            };
            400: components["responses"]["BadRequest"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict_5"];
            503: components["responses"]["ServiceUnavailable_2"];
            default: components["responses"]["AnyError"];
        };
    };
    delete_sequences_prefix: {
        parameters: {
            query?: {
                reason?: components["parameters"]["reason"];
            };
            header?: {
                /** @description Only if it still has the version of one of these ETags: else 412, and nothing changes. Weak tags, tags that a proxy has marked as compressed, and versions without quotes count by their version */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                prefix: components["parameters"]["prefix"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: components["responses"]["NoContent"];
            400: components["responses"]["BadRequest"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict_5"];
            503: components["responses"]["ServiceUnavailable_2"];
            default: components["responses"]["AnyError"];
        };
    };
    post_sequences_prefix_periods_period_close: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                prefix: components["parameters"]["prefix"];
                period: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    reason: components["schemas"]["reason"];
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClosedPeriod"];
                };
            };
            400: components["responses"]["BadRequest"];
            404: components["responses"]["NotFound"];
            /** @description `period_not_over`: The period is not over */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            503: components["responses"]["ServiceUnavailable_2"];
            default: components["responses"]["AnyError"];
        };
    };
    post_sequences_prefix_import: {
        parameters: {
            query?: {
                /** @description How many values may be left out before a number: they become void */
                max_hole?: number;
                /** @description Reports what would be done, and writes nothing */
                dry_run?: boolean;
                /** @description Refuses unknown columns of CSV and fields of NDJSON, in place of ignoring them; misspelt ones are always refused */
                strict?: boolean;
                /** @description How the file writes business dates; yyyy-mm-dd is always read */
                date_format?: "yyyy-mm-dd" | "dd.mm.yyyy" | "dd/mm/yyyy" | "mm/dd/yyyy";
                /** @description What columns of CSV, or fields of NDJSON, are called: `number:Invoice Number,client_id:Customer` */
                columns?: string;
            };
            header?: never;
            path: {
                prefix: components["parameters"]["prefix"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "text/csv": string;
                "application/vnd.ms-excel": string;
                "text/tab-separated-values": string;
                "application/x-ndjson": string;
                "multipart/form-data": {
                    /** @description The one file; its field may have any name */
                    file: string;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImportReport"];
                };
            };
            /**
             * @description `import_unreadable`: The file cannot be read
             *
             *     `validation_failed`: The request does not fit the schema
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            404: components["responses"]["NotFound"];
            /**
             * @description `import_overtaken`: Numbers are issued in the period that is imported
             *
             *     `rules_changed`: Somebody else changed the rules at the same time
             *
             *     `rules_overlap`: Two sequences could give the same number
             *
             *     `period_closed`: The period is closed
             */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            503: components["responses"]["ServiceUnavailable_2"];
            default: components["responses"]["AnyError"];
        };
    };
    post_demo_basic: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["OK"];
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden_3"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict_2"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
            default: components["responses"]["AnyError"];
        };
    };
    post_demo_concurrent: {
        parameters: {
            query?: {
                threads?: number;
                requests_per_thread?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["OK"];
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden_3"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict_2"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
            default: components["responses"]["AnyError"];
        };
    };
    post_demo_gaps: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["OK"];
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden_3"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict_2"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
            default: components["responses"]["AnyError"];
        };
    };
    post_demo_load_test: {
        parameters: {
            query?: {
                total_requests?: number;
                concurrent_threads?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["OK"];
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden_3"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict_2"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
            default: components["responses"]["AnyError"];
        };
    };
    get_sites: {
        parameters: {
            query?: {
                page?: components["parameters"]["page"];
                page_size?: components["parameters"]["page_size"];
                active?: components["parameters"]["active"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Site"][];
                        pagination: components["schemas"]["pagination"];
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            default: components["responses"]["AnyError_2"];
        };
    };
    post_sites: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    site_id: components["schemas"]["site_id"];
                    partitions: components["schemas"]["partitions"];
                    /** @default true */
                    simulation?: components["schemas"]["simulation"];
                    reason?: components["schemas"]["reason"];
                };
            };
        };
        responses: {
            /** @description Done */
            201: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Site"];
                };
            };
            400: components["responses"]["BadRequest"];
            /**
             * @description `site_exists`: The site exists already
             *
             *     `site_changed`: Somebody else changed the site at the same time
             */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            503: components["responses"]["ServiceUnavailable_2"];
            default: components["responses"]["AnyError"];
        };
    };
    get_sites_site_id: {
        parameters: {
            query?: never;
            header?: {
                /** @description Only if it still has the version of one of these ETags: else 412, and nothing changes. Weak tags, tags that a proxy has marked as compressed, and versions without quotes count by their version */
                "If-Match"?: components["parameters"]["IfMatch"];
                /** @description Only if the ETag is none of these: else 304, without a body. Weak tags count as strong ones */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                site_id: components["parameters"]["site_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SiteWithVersions"];
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            404: components["responses"]["NotFound_4"];
            default: components["responses"]["AnyError_2"];
        };
    };
    put_sites_site_id: {
        parameters: {
            query?: never;
            header?: {
                /** @description Only if it still has the version of one of these ETags: else 412, and nothing changes. Weak tags, tags that a proxy has marked as compressed, and versions without quotes count by their version */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                site_id: components["parameters"]["site_id"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    partitions?: components["schemas"]["partitions"];
                    simulation?: components["schemas"]["simulation"];
                    reason?: components["schemas"]["reason"];
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Site"];
                };
            };
            400: components["responses"]["BadRequest"];
            404: components["responses"]["NotFound_4"];
            409: components["responses"]["Conflict_6"];
            503: components["responses"]["ServiceUnavailable_2"];
            default: components["responses"]["AnyError"];
        };
    };
    delete_sites_site_id: {
        parameters: {
            query?: {
                reason?: components["parameters"]["reason"];
            };
            header?: {
                /** @description Only if it still has the version of one of these ETags: else 412, and nothing changes. Weak tags, tags that a proxy has marked as compressed, and versions without quotes count by their version */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                site_id: components["parameters"]["site_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: components["responses"]["NoContent"];
            400: components["responses"]["BadRequest"];
            404: components["responses"]["NotFound_4"];
            409: components["responses"]["Conflict_6"];
            503: components["responses"]["ServiceUnavailable_2"];
            default: components["responses"]["AnyError"];
        };
    };
    get_api_keys: {
        parameters: {
            query?: {
                page?: components["parameters"]["page"];
                page_size?: components["parameters"]["page_size"];
                active?: components["parameters"]["active"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["ApiKey"][];
                        pagination: components["schemas"]["pagination"];
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            default: components["responses"]["AnyError_2"];
        };
    };
    post_api_keys: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request safe to repeat: the same key with the same request gets the same answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description Who calls with it; several keys may have one name
                     * @example erp-system
                     */
                    name: string;
                    /**
                     * @description What it is limited to; null: it may do what an operator may
                     * @default null
                     */
                    scopes?: string[] | null;
                    /** @default null */
                    expires_at?: components["schemas"]["expires_at"];
                    reason?: components["schemas"]["reason"];
                };
            };
        };
        responses: {
            201: components["responses"]["Created"];
            400: components["responses"]["BadRequest"];
            /**
             * @description `api_key_shown_before`: The API key was made and shown before
             *
             *     `too_many_api_keys`: There are too many API keys
             */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            503: components["responses"]["ServiceUnavailable_2"];
            default: components["responses"]["AnyError"];
        };
    };
    get_api_keys_key_id: {
        parameters: {
            query?: never;
            header?: {
                /** @description Only if it still has the version of one of these ETags: else 412, and nothing changes. Weak tags, tags that a proxy has marked as compressed, and versions without quotes count by their version */
                "If-Match"?: components["parameters"]["IfMatch"];
                /** @description Only if the ETag is none of these: else 304, without a body. Weak tags count as strong ones */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                /** @description No secret: it is in the key */
                key_id: components["parameters"]["key_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["OK_6"];
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            404: components["responses"]["NotFound_3"];
            default: components["responses"]["AnyError_2"];
        };
    };
    put_api_keys_key_id: {
        parameters: {
            query?: never;
            header?: {
                /** @description Only if it still has the version of one of these ETags: else 412, and nothing changes. Weak tags, tags that a proxy has marked as compressed, and versions without quotes count by their version */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                /** @description No secret: it is in the key */
                key_id: components["parameters"]["key_id"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    expires_at: components["schemas"]["expires_at"];
                    reason?: components["schemas"]["reason"];
                };
            };
        };
        responses: {
            200: components["responses"]["OK_6"];
            400: components["responses"]["BadRequest"];
            404: components["responses"]["NotFound_3"];
            /**
             * @description `api_key_changed`: Somebody else changed the API key at the same time
             *
             *     `api_key_ended`: The API key has ended
             */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            503: components["responses"]["ServiceUnavailable_2"];
            default: components["responses"]["AnyError"];
        };
    };
    delete_api_keys_key_id: {
        parameters: {
            query?: {
                reason?: components["parameters"]["reason"];
            };
            header?: never;
            path: {
                /** @description No secret: it is in the key */
                key_id: components["parameters"]["key_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: components["responses"]["NoContent"];
            400: components["responses"]["BadRequest"];
            404: components["responses"]["NotFound_3"];
            /** @description `api_key_changed`: Somebody else changed the API key at the same time */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            503: components["responses"]["ServiceUnavailable_2"];
            default: components["responses"]["AnyError"];
        };
    };
    post_api_keys_key_id_rotate: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request safe to repeat: the same key with the same request gets the same answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /** @description No secret: it is in the key */
                key_id: components["parameters"]["key_id"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description For how long both are valid
                     * @example 86400
                     */
                    overlap_seconds: number;
                    /** @description As the old one had it, if not given */
                    expires_at?: components["schemas"]["Timestamp"] | null;
                    reason?: components["schemas"]["reason"];
                };
            };
        };
        responses: {
            201: components["responses"]["Created"];
            400: components["responses"]["BadRequest"];
            404: components["responses"]["NotFound_3"];
            /**
             * @description `api_key_shown_before`: The API key was made and shown before
             *
             *     `api_key_changed`: Somebody else changed the API key at the same time
             *
             *     `api_key_ended`: The API key has ended
             */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            503: components["responses"]["ServiceUnavailable_2"];
            default: components["responses"]["AnyError"];
        };
    };
    get_api_keys_digests: {
        parameters: {
            query?: never;
            header?: {
                /** @description Only if it still has the version of one of these ETags: else 412, and nothing changes. Weak tags, tags that a proxy has marked as compressed, and versions without quotes count by their version */
                "If-Match"?: components["parameters"]["IfMatch"];
                /** @description Only if the ETag is none of these: else 304, without a body. Weak tags count as strong ones */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KnownApiKeys"];
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            default: components["responses"]["AnyError_2"];
        };
    };
    post_api_keys_used: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    uses: {
                        id: components["schemas"]["id"];
                        last_used_at: components["schemas"]["Timestamp"];
                    }[];
                };
            };
        };
        responses: {
            204: components["responses"]["NoContent"];
            400: components["responses"]["BadRequest"];
            default: components["responses"]["AnyError"];
        };
    };
    get_audit: {
        parameters: {
            query?: {
                /** @description The change feed: every row once, oldest first. `0`, then the last `next_cursor`, which at the end is the same again. Takes no filter */
                after?: string;
                /** @description `next_cursor` of the answer before, with the same filters; from the beginning if not given */
                cursor?: components["parameters"]["cursor"];
                page_size?: number;
                prefix?: components["parameters"]["prefix_3"];
                period?: components["parameters"]["period"];
                state?: components["schemas"]["state"];
                event?: components["schemas"]["event"];
                number?: string & components["schemas"]["Line"];
                client_id?: components["schemas"]["client_id"];
                generated_by?: components["schemas"]["client_id"];
                site_id?: components["schemas"]["client_id"];
                invoice_type?: components["schemas"]["client_id"];
                request_id?: components["schemas"]["client_id"];
                caller?: components["schemas"]["client_id"];
                /** @description Not before this moment */
                from?: components["parameters"]["from_2"];
                /** @description Before this moment */
                to?: components["parameters"]["to_2"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["LedgerEntry"][];
                        pagination: components["schemas"]["pagination_2"];
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            /** @description `search_too_long`: The search takes too long */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            default: components["responses"]["AnyError_2"];
        };
    };
    get_audit_export: {
        parameters: {
            query?: {
                /** @description ndjson has all that a verification needs; csv has the rows, for spreadsheets */
                format?: "ndjson" | "csv";
                /** @description With csv: starts with a byte order mark, without which Excel does not read UTF-8 */
                bom?: boolean;
                prefix?: components["parameters"]["prefix_3"];
                period?: components["parameters"]["period"];
                /** @description Not before this moment */
                from?: components["parameters"]["from_2"];
                /** @description Before this moment */
                to?: components["parameters"]["to_2"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            400: components["responses"]["BadRequest"];
            404: components["responses"]["NotFound"];
            /** @description `exports_under_way`: Too many exports are under way */
            409: {
                headers: {
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["TooManyRequests_2"];
            default: components["responses"]["AnyError_2"];
        };
    };
    get_audit_verify: {
        parameters: {
            query?: {
                prefix?: components["parameters"]["prefix_3"];
                period?: components["parameters"]["period"];
                /** @description Only from this batch of each counter on, or from this moment on */
                since?: number | string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Verification"];
                };
            };
            400: components["responses"]["BadRequest"];
            404: components["responses"]["NotFound"];
            /** @description `verification_under_way`: The ledger is being verified already */
            409: {
                headers: {
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            default: components["responses"]["AnyError_2"];
        };
    };
    post_audit_verify: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    checkpoint: string;
                    /** @description All heads of the checkpoint, if they were kept beside it */
                    heads?: {
                        prefix: string;
                        period: string;
                        batch: number;
                        /** @description The hash of that batch */
                        head: string;
                    }[];
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Comparison"];
                };
            };
            400: components["responses"]["BadRequest"];
            /** @description `checkpoint_invalid`: The checkpoint is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            501: components["responses"]["NotImplemented"];
            default: components["responses"]["AnyError"];
        };
    };
    get_audit_checkpoints: {
        parameters: {
            query?: {
                prefix?: components["parameters"]["prefix_3"];
                period?: components["parameters"]["period"];
                /** @description Whether to give all heads, however many */
                heads?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Checkpoint"];
                };
            };
            400: components["responses"]["BadRequest"];
            404: components["responses"]["NotFound"];
            501: components["responses"]["NotImplemented"];
            503: components["responses"]["ServiceUnavailable_2"];
            default: components["responses"]["AnyError_2"];
        };
    };
    get_audit_keys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        keys: {
                            [key: string]: unknown;
                        }[];
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            default: components["responses"]["AnyError_2"];
        };
    };
    get_stream: {
        parameters: {
            query?: {
                /** @description As the header Last-Event-ID, for clients that cannot set headers */
                last_event_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            400: components["responses"]["BadRequest"];
            429: components["responses"]["TooManyRequests_2"];
            default: components["responses"]["AnyError_2"];
        };
    };
    get_diagnostics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Diagnostics"];
                };
            };
            400: components["responses"]["BadRequest"];
            default: components["responses"]["AnyError_2"];
        };
    };
    get_errors_code: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                code: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["OK_7"];
            400: components["responses"]["BadRequest"];
            /** @description `route_not_found`: There is nothing at this path */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            default: components["responses"]["AnyError_2"];
        };
    };
    get_openapi_json: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        openapi: string;
                    } & {
                        [key: string]: unknown;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            default: components["responses"]["AnyError_2"];
        };
    };
    get_docs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["OK_7"];
            400: components["responses"]["BadRequest"];
            default: components["responses"]["AnyError_2"];
        };
    };
    get_health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["OK_8"];
            400: components["responses"]["BadRequest"];
            503: components["responses"]["ServiceUnavailable_3"];
            default: components["responses"]["AnyError_3"];
        };
    };
    get_health_live: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "ok";
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            default: components["responses"]["AnyError_4"];
        };
    };
    get_health_ready: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["OK_8"];
            400: components["responses"]["BadRequest"];
            503: components["responses"]["ServiceUnavailable_3"];
            default: components["responses"]["AnyError_4"];
        };
    };
    get_metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain; version=0.0.4; charset=utf-8": string;
                    "application/openmetrics-text; version=1.0.0; charset=utf-8": string;
                };
            };
            400: components["responses"]["BadRequest"];
            default: components["responses"]["AnyError_3"];
        };
    };
    get_metrics_db: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        total: number;
                        idle: number;
                        waiting: number;
                        max: number;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            default: components["responses"]["AnyError_3"];
        };
    };
}
