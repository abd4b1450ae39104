// Made from openapi/users.json by make client.
export interface paths {
    "/api/v1/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List users, oldest first, by page or by cursor */
        get: operations["get_users"];
        put?: never;
        /** Create a user */
        post: operations["post_users"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users:batchGet": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read the users with these ids; those that there are not are left out */
        get: operations["get_users_batchGet"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a user */
        get: operations["get_users_id"];
        /** Change the fields that are given; with If-Match only if the user has not changed meanwhile */
        put: operations["put_users_id"];
        post?: never;
        /** Delete a user, whose e-mail address becomes free; with If-Match only if the user has not changed meanwhile */
        delete: operations["delete_users_id"];
        options?: never;
        head?: never;
        /** Change the fields that are given; with If-Match only if the user has not changed meanwhile */
        patch: operations["patch_users_id"];
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
        User: {
            id: number;
            email: components["schemas"]["email"];
            name: components["schemas"]["name"];
            /** @example 36 */
            age: number;
            active: boolean;
            /** @description Counts the changes; the ETag */
            version: number;
            created_at: components["schemas"]["Timestamp"];
            updated_at: components["schemas"]["Timestamp"];
        };
        /**
         * Format: date-time
         * @example 2026-11-21T03:43:00.000Z
         */
        Timestamp: string;
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
        /**
         * @description As browsers take it, and with letters of any alphabet (RFC 6531)
         * @example ada@example.com
         */
        email: string;
        /** @example Ada Lovelace */
        name: string & components["schemas"]["Line"];
        /** @description Only of a list that is read by page */
        page: number;
        data: components["schemas"]["User"][];
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
         * @description `validation_failed`: The request does not fit the schema
         *
         *     `invalid_id`: The id is not valid
         */
        BadRequest_2: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `user_not_found`: There is no such user */
        NotFound: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `email_taken`: The e-mail address is taken */
        Conflict: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Done */
        OK: {
            headers: {
                ETag: components["headers"]["ETag"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["User"];
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
        OK_2: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "text/html": string;
            };
        };
        /** @description Done */
        OK_3: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Health"];
            };
        };
        /** @description `overloaded`: Too many requests of this kind */
        ServiceUnavailable: {
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
        id: number;
        /** @description Only if it still has the version of one of these ETags: else 412, and nothing changes. Weak tags, tags that a proxy has marked as compressed, and versions without quotes count by their version */
        IfMatch: string;
    };
    requestBodies: never;
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
        /** @description The media types that a PATCH takes */
        "Accept-Patch": string;
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
    get_users: {
        parameters: {
            query?: {
                /** @description The answer tells how many there are in all */
                page?: number;
                /** @description In place of a page: `next_cursor` of the answer before, with the same filters, or `0` for the beginning. Nothing is counted, so that a piece of a long list takes no longer than one of a short list; and no row comes twice, or is passed over, because others come and go */
                cursor?: string;
                page_size?: number;
                search?: string & components["schemas"]["Line"];
                active?: boolean;
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
                        data: components["schemas"]["data"];
                        pagination: {
                            page?: components["schemas"]["page"];
                            page_size: number;
                            total?: components["schemas"]["page"];
                            total_pages?: components["schemas"]["page"];
                            /** @description Where the list goes on; null at the end */
                            next_cursor: string | null;
                        };
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            default: components["responses"]["AnyError"];
        };
    };
    post_users: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request safe to repeat: the same key with the same request gets the same answer. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    email: components["schemas"]["email"];
                    name: components["schemas"]["name"];
                    /** @example 36 */
                    age: number;
                };
            };
        };
        responses: {
            /** @description Done */
            201: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    Location: components["headers"]["Location"];
                    "Idempotency-Replayed": components["headers"]["Idempotency-Replayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            400: components["responses"]["BadRequest"];
            409: components["responses"]["Conflict"];
            /** @description `idempotency_key_erased`: What the Idempotency-Key stands for was erased */
            410: {
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
    get_users_batchGet: {
        parameters: {
            query: {
                /** @description Up to 100 ids, separated by commas */
                ids: string;
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
                        data: components["schemas"]["data"];
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            default: components["responses"]["AnyError"];
        };
    };
    get_users_id: {
        parameters: {
            query?: never;
            header?: {
                /** @description Only if it still has the version of one of these ETags: else 412, and nothing changes. Weak tags, tags that a proxy has marked as compressed, and versions without quotes count by their version */
                "If-Match"?: components["parameters"]["IfMatch"];
                /** @description Only if the ETag is none of these: else 304, without a body. Weak tags count as strong ones */
                "If-None-Match"?: string;
            };
            path: {
                id: components["parameters"]["id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["OK"];
            /** @description If-None-Match has the ETag; no body */
            304: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest_2"];
            404: components["responses"]["NotFound"];
            default: components["responses"]["AnyError"];
        };
    };
    put_users_id: {
        parameters: {
            query?: never;
            header?: {
                /** @description Only if it still has the version of one of these ETags: else 412, and nothing changes. Weak tags, tags that a proxy has marked as compressed, and versions without quotes count by their version */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: components["parameters"]["id"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    email?: components["schemas"]["email"];
                    name?: components["schemas"]["name"];
                    /** @example 36 */
                    age?: number;
                    active?: boolean;
                };
            };
        };
        responses: {
            200: components["responses"]["OK"];
            400: components["responses"]["BadRequest_2"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            default: components["responses"]["AnyError_2"];
        };
    };
    delete_users_id: {
        parameters: {
            query?: {
                /** @description With true, name, address and age are erased for good, also of a user who was deleted before; the id stays, for the orders that name it */
                erase?: boolean;
            };
            header?: {
                /** @description Only if it still has the version of one of these ETags: else 412, and nothing changes. Weak tags, tags that a proxy has marked as compressed, and versions without quotes count by their version */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: components["parameters"]["id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done; no body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest_2"];
            404: components["responses"]["NotFound"];
            default: components["responses"]["AnyError_2"];
        };
    };
    patch_users_id: {
        parameters: {
            query?: never;
            header?: {
                /** @description Only if it still has the version of one of these ETags: else 412, and nothing changes. Weak tags, tags that a proxy has marked as compressed, and versions without quotes count by their version */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: components["parameters"]["id"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    email?: components["schemas"]["email"];
                    name?: components["schemas"]["name"];
                    /** @example 36 */
                    age?: number;
                    active?: boolean;
                };
                "application/merge-patch+json": {
                    email?: components["schemas"]["email"];
                    name?: components["schemas"]["name"];
                    /** @example 36 */
                    age?: number;
                    active?: boolean;
                };
            };
        };
        responses: {
            200: components["responses"]["OK"];
            400: components["responses"]["BadRequest_2"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            /** @description `unsupported_media_type`: The media type is not supported */
            415: {
                headers: {
                    "Accept-Patch": components["headers"]["Accept-Patch"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
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
            default: components["responses"]["AnyError"];
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
            200: components["responses"]["OK_2"];
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
            default: components["responses"]["AnyError"];
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
            default: components["responses"]["AnyError"];
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
            200: components["responses"]["OK_2"];
            400: components["responses"]["BadRequest"];
            default: components["responses"]["AnyError"];
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
            200: components["responses"]["OK_3"];
            400: components["responses"]["BadRequest"];
            503: components["responses"]["ServiceUnavailable"];
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
            200: components["responses"]["OK_3"];
            400: components["responses"]["BadRequest"];
            503: components["responses"]["ServiceUnavailable"];
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
