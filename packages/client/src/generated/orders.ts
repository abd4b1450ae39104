// Made from openapi/orders.json by make client.
export interface paths {
    "/api/v1/orders": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List orders, oldest first, by page or by cursor */
        get: operations["get_orders"];
        put?: never;
        /** Place an order */
        post: operations["post_orders"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/orders/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read an order, with its user if the user service answers */
        get: operations["get_orders_id"];
        /** Take an order one step further; with If-Match only if it has not changed meanwhile */
        put: operations["put_orders_id"];
        post?: never;
        /** Delete an order, which keeps its number; with If-Match only if it has not changed meanwhile */
        delete: operations["delete_orders_id"];
        options?: never;
        head?: never;
        /** Take an order one step further; with If-Match only if it has not changed meanwhile */
        patch: operations["patch_orders_id"];
        trace?: never;
    };
    "/api/v1/orders/by-number/{number}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read the order that has a number, with its user if the user service answers */
        get: operations["get_orders_by_number_number"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the events that wait for their delivery, oldest first */
        get: operations["get_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/backlog": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How many events of each type wait for their delivery, and since when the oldest */
        get: operations["get_events_backlog"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/dead-letters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the events that no attempt could deliver, oldest first */
        get: operations["get_events_dead_letters"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/dead-letters/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Deliver dead letters again, each to the consumer that could not handle it */
        post: operations["post_events_dead_letters_replay"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the webhooks, oldest first */
        get: operations["get_webhooks"];
        put?: never;
        /** Make a webhook, which gets the events that come from now on; its secret is shown this once */
        post: operations["post_webhooks"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a webhook */
        get: operations["get_webhooks_id"];
        put?: never;
        post?: never;
        /** Delete a webhook with its deliveries; with If-Match only if it has not changed meanwhile */
        delete: operations["delete_webhooks_id"];
        options?: never;
        head?: never;
        /** Change a webhook, or switch it off and on; with If-Match only if it has not changed meanwhile */
        patch: operations["patch_webhooks_id"];
        trace?: never;
    };
    "/api/v1/webhooks/{id}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give a webhook another secret, which is shown this once; the one before signs too for a while */
        post: operations["post_webhooks_id_rotate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send a test event, of the type webhook.test */
        post: operations["post_webhooks_id_test"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make all deliveries again whose events came since a time */
        post: operations["post_webhooks_id_replay"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{id}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the deliveries to a webhook, latest first */
        get: operations["get_webhooks_id_deliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{id}/deliveries/{delivery_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a delivery to a webhook */
        get: operations["get_webhooks_id_deliveries_delivery_id"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{id}/deliveries/{delivery_id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make a delivery again, now */
        post: operations["post_webhooks_id_deliveries_delivery_id_replay"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{id}/attempts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the attempts to deliver to a webhook, latest first */
        get: operations["get_webhooks_id_attempts"];
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
    "/schemas": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The types of events that the service publishes */
        get: operations["get_schemas"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/schemas/{type}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The JSON Schema (2020-12) of the events of a type */
        get: operations["get_schemas_type"];
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
        Order: {
            id: number;
            reference: components["schemas"]["reference"];
            order_number: components["schemas"]["order_number"];
            user_id: number;
            product_id: components["schemas"]["product_id"];
            quantity: components["schemas"]["quantity"];
            /** @example 99.99 */
            total_price: number;
            user_from_memory?: components["schemas"]["user_from_memory"];
            status: components["schemas"]["status"];
            version: components["schemas"]["version"];
            created_at: components["schemas"]["Timestamp"];
            updated_at: components["schemas"]["Timestamp"];
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
        OrderWithUser: {
            id: number;
            reference: components["schemas"]["reference"];
            order_number: components["schemas"]["order_number"];
            user_id: number;
            product_id: components["schemas"]["product_id"];
            quantity: components["schemas"]["quantity"];
            /** @example 99.99 */
            total_price: number;
            user_from_memory?: components["schemas"]["user_from_memory"];
            status: components["schemas"]["status"];
            version: components["schemas"]["version"];
            created_at: components["schemas"]["Timestamp"];
            updated_at: components["schemas"]["Timestamp"];
            /** @description As the user service has it; null if it does not answer in time, and for a key whose scopes are without users:read */
            user: ({
                id: number;
                active: boolean;
            } & {
                [key: string]: unknown;
            }) | null;
        };
        WaitingEvent: {
            event: components["schemas"]["Event"];
            /** @description The one that a replayed event is for; null for all */
            consumer: string | null;
            attempts: number;
            /** @description When it is tried next, if it is not under way */
            due_at: components["schemas"]["Timestamp"];
            created_at: components["schemas"]["Timestamp"];
        };
        /** @description A CloudEvent: its JSON Schema is at `/schemas/{type}` */
        Event: {
            id: string;
            type: string;
            subject: string;
        } & {
            [key: string]: unknown;
        };
        EventBacklog: {
            data: {
                type: string;
                /** @description The service that tells of it */
                source: string;
                waiting: number;
                oldest_at: components["schemas"]["Timestamp"];
            }[];
            /** @description False if so many wait that only the oldest are counted */
            complete: boolean;
        };
        DeadLetters: {
            data: components["schemas"]["DeadLetter"][];
            pagination: components["schemas"]["pagination"];
            /** @description How many there are in all, with that filter; not with a cursor */
            total?: number;
        };
        DeadLetter: {
            id: string;
            /** @description Which could not handle it */
            consumer: string;
            /** @description Why the last attempt failed */
            reason: string;
            attempts: number;
            died_at: components["schemas"]["Timestamp"];
            /** @description Null for an entry of the stream that was no event */
            event: components["schemas"]["Event"] | null;
        };
        DeadLetterReplay: {
            replayed: number;
        };
        Webhook: {
            id: number;
            url: string;
            event_types: string[];
            description: string;
            enabled: boolean;
            off_reason: components["schemas"]["off_reason"];
            off_at: components["schemas"]["off_at"];
            failing_since: components["schemas"]["failing_since"];
            last_success_at: components["schemas"]["last_success_at"];
            previous_secret_until: components["schemas"]["previous_secret_until"];
            version: components["schemas"]["version"];
            created_at: components["schemas"]["Timestamp"];
            updated_at: components["schemas"]["Timestamp"];
            created_by: string;
        };
        WebhookWithSecret: {
            id: number;
            url: string;
            event_types: string[];
            description: string;
            enabled: boolean;
            off_reason: components["schemas"]["off_reason"];
            off_at: components["schemas"]["off_at"];
            failing_since: components["schemas"]["failing_since"];
            last_success_at: components["schemas"]["last_success_at"];
            previous_secret_until: components["schemas"]["previous_secret_until"];
            version: components["schemas"]["version"];
            created_at: components["schemas"]["Timestamp"];
            updated_at: components["schemas"]["Timestamp"];
            created_by: string;
            /**
             * @description What deliveries are signed with, as Standard Webhooks have it. Shown this once
             * @example whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=
             */
            secret: string;
        };
        WebhookDelivery: {
            id: number;
            /**
             * @description `failed`: no attempt was left. What waits longer than its attempts waits for the receiver to return
             * @enum {string}
             */
            state: "waiting" | "delivered" | "failed";
            /** @description As it is sent: a CloudEvent */
            event: {
                id: string;
                type: string;
                subject: string;
            } & {
                [key: string]: unknown;
            };
            /** @description Since it was made, or last replayed */
            attempts: number;
            /** @description When it is tried next; null if it waits no longer */
            due_at: components["schemas"]["Timestamp"] | null;
            created_at: components["schemas"]["Timestamp"];
            settled_at: components["schemas"]["off_at"];
        };
        WebhookReplay: {
            replayed: number;
        };
        WebhookAttempt: {
            id: number;
            delivery_id: number;
            /** @description Of the delivery; one whose process ended is missing */
            nth: number;
            at: components["schemas"]["Timestamp"];
            duration_ms: number;
            /** @description Of the answer; null if there was none */
            status: number | null;
            /** @description The first kilobyte of it */
            answer: string | null;
            /**
             * @description Why there was none, or why it did not end
             * @example ECONNREFUSED: connect
             */
            error: string | null;
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
            events?: {
                waiting: number;
                /** @description Age of the oldest that waits; 0 if none does */
                oldest_seconds: number;
                dead_letters: number;
            };
            numbering?: {
                without_number: number;
                /** @description Age of the oldest without one; 0 if all have theirs */
                oldest_seconds: number;
                /** @description Numbers of the last 24 hours that an order could not take */
                conflicts_of_a_day: number;
            };
            /** @description Those that were switched off for failing, and those that deliveries wait for */
            webhooks?: {
                id: number;
                /** @description Null if it is on */
                off_reason: ("failing" | "gone") | null;
                waiting: number;
                /** @description For how long they have failed, or have been due; 0 if none waits */
                waiting_seconds: number;
            }[];
        };
        EventTypes: {
            schemas: {
                type: string;
                description: string;
                url: string;
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
            page_size: number;
            /** @description null at the end */
            next_cursor: string | null;
        };
        /** @enum {string} */
        status: "pending" | "confirmed" | "shipped" | "delivered" | "cancelled";
        /** @description Counts the changes; the ETag */
        version: number;
        /** @example PROD-123 */
        product_id: string & components["schemas"]["Line"];
        /** @example 2 */
        quantity: number;
        /** @description Only of a list that is read by page */
        page: number;
        consumer: string & components["schemas"]["Line"];
        /**
         * @description http or https, any port, without a user, a password and a fragment; it must lead to public addresses
         * @example https://receiver.example.com/orders
         */
        url: string;
        /** @description The types of the events that it gets */
        event_types: ("order.created" | "order.updated" | "order.deleted" | "order.number_conflict")[];
        /**
         * @description For people
         * @example The ERP system
         */
        description: string & components["schemas"]["Line"];
        off_at: components["schemas"]["Timestamp"] | null;
        /**
         * Format: uuid
         * @description A UUIDv7; the key under which the order gets its number
         */
        reference: string;
        /**
         * @description Null while the sequencer is away; it comes within seconds of its return
         * @example ORD-2026-000001
         */
        order_number: string | null;
        /**
         * @description Only there if the user service did not answer when the order was placed, and its user had been verified a moment before
         * @constant
         */
        user_from_memory: true;
        /** @description Why it is off: somebody has asked for it, no delivery succeeded for days, or the receiver answered 410 */
        off_reason: ("requested" | "failing" | "gone") | null;
        /** @description When the first delivery failed since the last success */
        failing_since: components["schemas"]["Timestamp"] | null;
        /** @description To about ten seconds */
        last_success_at: components["schemas"]["Timestamp"] | null;
        /** @description Until when deliveries are signed with the secret before, too */
        previous_secret_until: components["schemas"]["Timestamp"] | null;
        /** @example ORD-2026-000001 */
        order_number_2: string & components["schemas"]["Line"];
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
        /** @description `webhook_not_found`: There is no such webhook */
        NotFound: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `order_not_found`: There is no such order */
        NotFound_2: {
            headers: {
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
        /**
         * @description `webhook_not_found`: There is no such webhook
         *
         *     `webhook_delivery_not_found`: There is no such delivery
         */
        NotFound_3: {
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
        OK: {
            headers: {
                ETag: components["headers"]["ETag"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["OrderWithUser"];
            };
        };
        /** @description Done */
        OK_2: {
            headers: {
                ETag: components["headers"]["ETag"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Order"];
            };
        };
        /** @description `illegal_transition`: The order cannot go to this status */
        Conflict: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `unsupported_media_type`: The media type is not supported */
        UnsupportedMediaType: {
            headers: {
                "Accept-Patch": components["headers"]["Accept-Patch"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Done; no body */
        NoContent: {
            headers: {
                [name: string]: unknown;
            };
            content?: never;
        };
        /** @description `dead_letters_unavailable`: The dead letters cannot be read */
        ServiceUnavailable: {
            headers: {
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
                ETag: components["headers"]["ETag"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Webhook"];
            };
        };
        /** @description Done */
        Accepted: {
            headers: {
                "Idempotency-Replayed": components["headers"]["Idempotency-Replayed"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["WebhookDelivery"];
            };
        };
        /** @description Done */
        OK_4: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "text/html": string;
            };
        };
        /** @description `route_not_found`: There is nothing at this path */
        NotFound_4: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Done */
        OK_5: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Health"];
            };
        };
        /** @description `overloaded`: Too many requests of this kind */
        ServiceUnavailable_2: {
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
        /** @description Makes the request safe to repeat: the same key with the same request gets the same answer. */
        IdempotencyKey: string;
        /** @description How many milliseconds the caller waits: what has not begun by then is not begun. */
        XRequestTimeoutMs: number;
        page_size: number;
        /** @description Only if the ETag is none of these: else 304, without a body. Weak tags count as strong ones */
        IfNoneMatch: string;
        /** @description `next_cursor` of the answer before, with the same filters; from the beginning if not given */
        cursor: string;
        /** @description Of the event, such as `order.created` */
        type: components["schemas"]["consumer"];
        delivery_id: number;
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
    get_orders: {
        parameters: {
            query?: {
                /** @description The answer tells how many there are in all */
                page?: number;
                /** @description In place of a page: `next_cursor` of the answer before, with the same filters, or `0` for the beginning. Nothing is counted, so that a piece of a long list takes no longer than one of a short list; and no row comes twice, or is passed over, because others come and go */
                cursor?: string;
                page_size?: components["parameters"]["page_size"];
                user_id?: number;
                order_number?: components["schemas"]["order_number_2"];
                reference?: string;
                product_id?: string & components["schemas"]["Line"];
                status?: components["schemas"]["status"];
                /** @description true: only orders that wait for their number */
                without_number?: boolean;
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
                        data: components["schemas"]["Order"][];
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
    post_orders: {
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
                    user_id: number;
                    product_id: components["schemas"]["product_id"];
                    quantity: components["schemas"]["quantity"];
                    /**
                     * @description At most two decimals
                     * @example 99.99
                     */
                    total_price: number;
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
                    "application/json": components["schemas"]["Order"];
                };
            };
            400: components["responses"]["BadRequest"];
            /**
             * @description `order_numbers_exhausted`: There are no more order numbers
             *
             *     `idempotency_key_in_use`: A request with this Idempotency-Key is under way
             */
            409: {
                headers: {
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `user_unknown`: The order names a user who does not exist
             *
             *     `user_inactive`: The order names a user who is not active
             */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `user_service_unavailable`: The user service does not answer
             *
             *     `user_service_refuses`: The order service may not look users up
             */
            503: {
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
    get_orders_id: {
        parameters: {
            query?: never;
            header?: {
                /** @description Only if it still has the version of one of these ETags: else 412, and nothing changes. Weak tags, tags that a proxy has marked as compressed, and versions without quotes count by their version */
                "If-Match"?: components["parameters"]["IfMatch"];
                /** @description Only if the ETag is none of these: else 304, without a body. Weak tags count as strong ones */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
                /** @description How many milliseconds the caller waits: what has not begun by then is not begun. */
                "X-Request-Timeout-Ms"?: components["parameters"]["XRequestTimeoutMs"];
            };
            path: {
                id: components["parameters"]["id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["OK"];
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest_2"];
            404: components["responses"]["NotFound_2"];
            default: components["responses"]["AnyError"];
        };
    };
    put_orders_id: {
        parameters: {
            query?: never;
            header?: {
                /** @description Only if it still has the version of one of these ETags: else 412, and nothing changes. Weak tags, tags that a proxy has marked as compressed, and versions without quotes count by their version */
                "If-Match"?: components["parameters"]["IfMatch"];
                /** @description How many milliseconds the caller waits: what has not begun by then is not begun. */
                "X-Request-Timeout-Ms"?: components["parameters"]["XRequestTimeoutMs"];
            };
            path: {
                id: components["parameters"]["id"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    status: components["schemas"]["status"];
                };
            };
        };
        responses: {
            200: components["responses"]["OK_2"];
            400: components["responses"]["BadRequest_2"];
            404: components["responses"]["NotFound_2"];
            409: components["responses"]["Conflict"];
            default: components["responses"]["AnyError_2"];
        };
    };
    delete_orders_id: {
        parameters: {
            query?: never;
            header?: {
                /** @description Only if it still has the version of one of these ETags: else 412, and nothing changes. Weak tags, tags that a proxy has marked as compressed, and versions without quotes count by their version */
                "If-Match"?: components["parameters"]["IfMatch"];
                /** @description How many milliseconds the caller waits: what has not begun by then is not begun. */
                "X-Request-Timeout-Ms"?: components["parameters"]["XRequestTimeoutMs"];
            };
            path: {
                id: components["parameters"]["id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: components["responses"]["NoContent"];
            400: components["responses"]["BadRequest_2"];
            404: components["responses"]["NotFound_2"];
            default: components["responses"]["AnyError_2"];
        };
    };
    patch_orders_id: {
        parameters: {
            query?: never;
            header?: {
                /** @description Only if it still has the version of one of these ETags: else 412, and nothing changes. Weak tags, tags that a proxy has marked as compressed, and versions without quotes count by their version */
                "If-Match"?: components["parameters"]["IfMatch"];
                /** @description How many milliseconds the caller waits: what has not begun by then is not begun. */
                "X-Request-Timeout-Ms"?: components["parameters"]["XRequestTimeoutMs"];
            };
            path: {
                id: components["parameters"]["id"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    status: components["schemas"]["status"];
                };
                "application/merge-patch+json": {
                    status: components["schemas"]["status"];
                };
            };
        };
        responses: {
            200: components["responses"]["OK_2"];
            400: components["responses"]["BadRequest_2"];
            404: components["responses"]["NotFound_2"];
            409: components["responses"]["Conflict"];
            415: components["responses"]["UnsupportedMediaType"];
            default: components["responses"]["AnyError_2"];
        };
    };
    get_orders_by_number_number: {
        parameters: {
            query?: never;
            header?: {
                /** @description Only if it still has the version of one of these ETags: else 412, and nothing changes. Weak tags, tags that a proxy has marked as compressed, and versions without quotes count by their version */
                "If-Match"?: components["parameters"]["IfMatch"];
                /** @description Only if the ETag is none of these: else 304, without a body. Weak tags count as strong ones */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
                /** @description How many milliseconds the caller waits: what has not begun by then is not begun. */
                "X-Request-Timeout-Ms"?: components["parameters"]["XRequestTimeoutMs"];
            };
            path: {
                number: components["schemas"]["order_number_2"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["OK"];
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            404: components["responses"]["NotFound_2"];
            default: components["responses"]["AnyError"];
        };
    };
    get_events: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the answer before, with the same filters; from the beginning if not given */
                cursor?: components["parameters"]["cursor"];
                page_size?: components["parameters"]["page_size"];
                /** @description Of the event, such as `order.created` */
                type?: components["parameters"]["type"];
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
                        data: components["schemas"]["WaitingEvent"][];
                        pagination: components["schemas"]["pagination"];
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            default: components["responses"]["AnyError"];
        };
    };
    get_events_backlog: {
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
                    "application/json": components["schemas"]["EventBacklog"];
                };
            };
            400: components["responses"]["BadRequest"];
            default: components["responses"]["AnyError"];
        };
    };
    get_events_dead_letters: {
        parameters: {
            query?: {
                page_size?: components["parameters"]["page_size"];
                /** @description `next_cursor` of the answer before, with the same filters, or `0` for the beginning. Nothing is counted then */
                cursor?: string;
                consumer?: components["schemas"]["consumer"];
                /** @description Of the event, such as `order.created` */
                type?: components["parameters"]["type"];
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
                    "application/json": components["schemas"]["DeadLetters"];
                };
            };
            400: components["responses"]["BadRequest"];
            503: components["responses"]["ServiceUnavailable"];
            default: components["responses"]["AnyError"];
        };
    };
    post_events_dead_letters_replay: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    id?: string & components["schemas"]["Line"];
                    consumer?: components["schemas"]["consumer"];
                    /** @description Of the event, such as `order.created` */
                    type?: string & components["schemas"]["Line"];
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
                    "application/json": components["schemas"]["DeadLetterReplay"];
                };
            };
            400: components["responses"]["BadRequest"];
            503: components["responses"]["ServiceUnavailable"];
            default: components["responses"]["AnyError_2"];
        };
    };
    get_webhooks: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the answer before, with the same filters; from the beginning if not given */
                cursor?: components["parameters"]["cursor"];
                page_size?: components["parameters"]["page_size"];
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
                        data: components["schemas"]["Webhook"][];
                        pagination: components["schemas"]["pagination"];
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            default: components["responses"]["AnyError"];
        };
    };
    post_webhooks: {
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
                    url: components["schemas"]["url"];
                    event_types: components["schemas"]["event_types"];
                    /** @default  */
                    description?: components["schemas"]["description"];
                    /** @default true */
                    enabled?: boolean;
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
                    "application/json": components["schemas"]["WebhookWithSecret"];
                };
            };
            400: components["responses"]["BadRequest"];
            /** @description `too_many_webhooks`: There are as many webhooks as there may be */
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
    get_webhooks_id: {
        parameters: {
            query?: never;
            header?: {
                /** @description Only if it still has the version of one of these ETags: else 412, and nothing changes. Weak tags, tags that a proxy has marked as compressed, and versions without quotes count by their version */
                "If-Match"?: components["parameters"]["IfMatch"];
                /** @description Only if the ETag is none of these: else 304, without a body. Weak tags count as strong ones */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                id: components["parameters"]["id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["OK_3"];
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest_2"];
            404: components["responses"]["NotFound"];
            default: components["responses"]["AnyError"];
        };
    };
    delete_webhooks_id: {
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
        requestBody?: never;
        responses: {
            204: components["responses"]["NoContent"];
            400: components["responses"]["BadRequest_2"];
            404: components["responses"]["NotFound"];
            default: components["responses"]["AnyError_2"];
        };
    };
    patch_webhooks_id: {
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
                    url?: components["schemas"]["url"];
                    event_types?: components["schemas"]["event_types"];
                    description?: components["schemas"]["description"];
                    enabled?: boolean;
                };
                "application/merge-patch+json": {
                    url?: components["schemas"]["url"];
                    event_types?: components["schemas"]["event_types"];
                    description?: components["schemas"]["description"];
                    enabled?: boolean;
                };
            };
        };
        responses: {
            200: components["responses"]["OK_3"];
            400: components["responses"]["BadRequest_2"];
            404: components["responses"]["NotFound"];
            415: components["responses"]["UnsupportedMediaType"];
            default: components["responses"]["AnyError_2"];
        };
    };
    post_webhooks_id_rotate: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request safe to repeat: the same key with the same request gets the same answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
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
                    /**
                     * @description For how long deliveries are signed with both
                     * @default 86400
                     */
                    overlap_seconds?: number;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Idempotency-Replayed": components["headers"]["Idempotency-Replayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookWithSecret"];
                };
            };
            400: components["responses"]["BadRequest_2"];
            404: components["responses"]["NotFound"];
            default: components["responses"]["AnyError_2"];
        };
    };
    post_webhooks_id_test: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request safe to repeat: the same key with the same request gets the same answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: components["parameters"]["id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            202: components["responses"]["Accepted"];
            400: components["responses"]["BadRequest_2"];
            404: components["responses"]["NotFound_3"];
            /** @description `webhook_off`: The webhook is switched off */
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
    post_webhooks_id_replay: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request safe to repeat: the same key with the same request gets the same answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: components["parameters"]["id"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    since: components["schemas"]["Timestamp"];
                };
            };
        };
        responses: {
            /** @description Done */
            202: {
                headers: {
                    "Idempotency-Replayed": components["headers"]["Idempotency-Replayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookReplay"];
                };
            };
            400: components["responses"]["BadRequest_2"];
            404: components["responses"]["NotFound"];
            default: components["responses"]["AnyError_2"];
        };
    };
    get_webhooks_id_deliveries: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the answer before, with the same filters; from the beginning if not given */
                cursor?: components["parameters"]["cursor"];
                page_size?: components["parameters"]["page_size"];
                state?: "waiting" | "delivered" | "failed";
            };
            header?: never;
            path: {
                id: components["parameters"]["id"];
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
                        data: components["schemas"]["WebhookDelivery"][];
                        pagination: components["schemas"]["pagination"];
                    };
                };
            };
            400: components["responses"]["BadRequest_2"];
            404: components["responses"]["NotFound"];
            default: components["responses"]["AnyError"];
        };
    };
    get_webhooks_id_deliveries_delivery_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["id"];
                delivery_id: components["parameters"]["delivery_id"];
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
                    "application/json": components["schemas"]["WebhookDelivery"];
                };
            };
            400: components["responses"]["BadRequest_2"];
            404: components["responses"]["NotFound_3"];
            default: components["responses"]["AnyError"];
        };
    };
    post_webhooks_id_deliveries_delivery_id_replay: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request safe to repeat: the same key with the same request gets the same answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: components["parameters"]["id"];
                delivery_id: components["parameters"]["delivery_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            202: components["responses"]["Accepted"];
            400: components["responses"]["BadRequest_2"];
            404: components["responses"]["NotFound_3"];
            default: components["responses"]["AnyError_2"];
        };
    };
    get_webhooks_id_attempts: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the answer before, with the same filters; from the beginning if not given */
                cursor?: components["parameters"]["cursor"];
                page_size?: components["parameters"]["page_size"];
                delivery_id?: number;
            };
            header?: never;
            path: {
                id: components["parameters"]["id"];
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
                        data: components["schemas"]["WebhookAttempt"][];
                        pagination: components["schemas"]["pagination"];
                    };
                };
            };
            400: components["responses"]["BadRequest_2"];
            404: components["responses"]["NotFound"];
            default: components["responses"]["AnyError"];
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
            200: components["responses"]["OK_4"];
            400: components["responses"]["BadRequest"];
            404: components["responses"]["NotFound_4"];
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
            200: components["responses"]["OK_4"];
            400: components["responses"]["BadRequest"];
            default: components["responses"]["AnyError"];
        };
    };
    get_schemas: {
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
                    "application/json": components["schemas"]["EventTypes"];
                };
            };
            400: components["responses"]["BadRequest"];
            default: components["responses"]["AnyError"];
        };
    };
    get_schemas_type: {
        parameters: {
            query?: never;
            header?: {
                /** @description Only if it still has the version of one of these ETags: else 412, and nothing changes. Weak tags, tags that a proxy has marked as compressed, and versions without quotes count by their version */
                "If-Match"?: components["parameters"]["IfMatch"];
                /** @description Only if the ETag is none of these: else 304, without a body. Weak tags count as strong ones */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                type: string;
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
                    "application/schema+json": {
                        $id: string;
                    } & {
                        [key: string]: unknown;
                    };
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            404: components["responses"]["NotFound_4"];
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
            200: components["responses"]["OK_5"];
            400: components["responses"]["BadRequest"];
            503: components["responses"]["ServiceUnavailable_2"];
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
            200: components["responses"]["OK_5"];
            400: components["responses"]["BadRequest"];
            503: components["responses"]["ServiceUnavailable_2"];
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
