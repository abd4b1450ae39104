# One image per service: docker build --target user-service -t user-service:latest .
# The version of Node is that of the images; the services run on 20.19 and newer.
ARG NODE_IMAGE=node:24-bookworm-slim

# What npm needs to know, and no more, so that the packages are installed again only when that has changed. What is built runs on all
# platforms: it is built once, on that of the machine that builds.
FROM --platform=${BUILDPLATFORM} ${NODE_IMAGE} AS manifests
WORKDIR /src
COPY . .
RUN find . -type f ! -name package.json ! -name package-lock.json ! -name .npmrc -delete \
 && find . -type d -empty -delete

FROM --platform=${BUILDPLATFORM} ${NODE_IMAGE} AS build
WORKDIR /src
ENV NX_DAEMON=false
COPY --from=manifests /src .
RUN --mount=type=cache,target=/root/.npm npm ci --loglevel=error
COPY . .
# The folder of a service is all that it needs (docs/decisions/0011).
RUN npx nx run-many -t build -p tag:type:app

# Node alone: nothing in it can install anything.
FROM ${NODE_IMAGE} AS runtime
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
    /usr/local/bin/yarn /usr/local/bin/yarnpkg /opt/yarn-*
# By this `make docker-clean` finds those of earlier builds.
LABEL ordinal=service
ENV NODE_ENV=production
WORKDIR /app
# The number and not the name, so that Kubernetes can tell that it is not root.
USER 1000:1000
STOPSIGNAL SIGTERM
# Node is process 1 and gets SIGTERM itself.
CMD ["node", "main.js"]

# Each asks itself whether it is ready: by TLS if it speaks that, and then it shows its own certificate.
FROM runtime AS user-service
COPY --from=build /src/dist/apps/user-service .
# What a container listens on is reachable only as far as it is published.
ENV USER_SERVICE_HOST=::
EXPOSE 8081
HEALTHCHECK --interval=5s --timeout=4s --start-period=40s --retries=3 \
  CMD ["node", "-e", "const { USER_SERVICE_PORT: port, USER_SERVICE_TLS_CERT_FILE: cert, USER_SERVICE_TLS_KEY_FILE: key } = process.env; const read = require('fs').readFileSync; require(cert ? 'https' : 'http').get({ host: '127.0.0.1', port: port || 8081, path: '/health/ready', ...(cert && { cert: read(cert), key: read(key), rejectUnauthorized: false }) }, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]

FROM runtime AS order-service
COPY --from=build /src/dist/apps/order-service .
ENV ORDER_SERVICE_HOST=::
EXPOSE 8082 50052
HEALTHCHECK --interval=5s --timeout=4s --start-period=40s --retries=3 \
  CMD ["node", "-e", "const { ORDER_SERVICE_PORT: port, ORDER_SERVICE_TLS_CERT_FILE: cert, ORDER_SERVICE_TLS_KEY_FILE: key } = process.env; const read = require('fs').readFileSync; require(cert ? 'https' : 'http').get({ host: '127.0.0.1', port: port || 8082, path: '/health/ready', ...(cert && { cert: read(cert), key: read(key), rejectUnauthorized: false }) }, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]

FROM runtime AS sequencer
COPY --from=build /src/dist/apps/sequencer .
ENV SEQUENCER_HOST=::
EXPOSE 8083 50053
HEALTHCHECK --interval=5s --timeout=4s --start-period=40s --retries=3 \
  CMD ["node", "-e", "const { SEQUENCER_PORT: port, SEQUENCER_TLS_CERT_FILE: cert, SEQUENCER_TLS_KEY_FILE: key } = process.env; const read = require('fs').readFileSync; require(cert ? 'https' : 'http').get({ host: '127.0.0.1', port: port || 8083, path: '/health/ready', ...(cert && { cert: read(cert), key: read(key), rejectUnauthorized: false }) }, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
