# One image for all roles: the role is the command, as in "docker run millrace worker".
# Debian 12 has the ffmpeg that the tests run with.

FROM node:24-bookworm-slim AS pages
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY src src
COPY web web
RUN npx vite build web --logLevel warn

FROM node:24-bookworm-slim AS modules
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# The optional packages are PostgreSQL and Node, for machines that have neither.
RUN npm ci --omit=dev --omit=optional --ignore-scripts \
 # They are part of the built pages, and would be most of this folder.
 && cd node_modules && rm -r hls.js media-chrome react react-dom shaka-player tus-js-client

FROM node:24-bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ffmpeg \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/millrace
COPY --from=modules /build/node_modules node_modules
COPY --from=pages /build/web/dist web/dist
COPY package.json LICENSE ./
COPY src src
# A volume at this place is then the user's, too.
RUN install -d -o node -g node /var/lib/millrace
USER node
# Every role listens on the same port of its own container.
ENV NODE_ENV=production \
    MILLRACE_HOST=0.0.0.0 \
    MILLRACE_PORT=8080 \
    MILLRACE_DATA=/var/lib/millrace
EXPOSE 8080
VOLUME /var/lib/millrace
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.MILLRACE_PORT}/health`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "src/main/cli.ts"]
CMD ["help"]
