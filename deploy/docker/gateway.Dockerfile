# syntax=docker/dockerfile:1.17
# Hive Router with the composed schema and its configuration:
#   docker build --file deploy/docker/gateway.Dockerfile --tag lichen/gateway:0.1.0 .
# Addresses come from the environment (LICHEN_…, see gateway/router.yaml). The digest is pinned by the release.
ARG HIVE_ROUTER_VERSION=0.3.10

FROM ghcr.io/graphql-hive/router:${HIVE_ROUTER_VERSION}
# The configuration names the schema relative to this folder.
WORKDIR /app
COPY --chmod=0444 gateway/router.yaml router.yaml
COPY --chmod=0444 gateway/supergraph.graphql supergraph.graphql
ENV ROUTER_CONFIG_FILE_PATH=/app/router.yaml
USER 65532:65532
EXPOSE 4000
STOPSIGNAL SIGTERM
ENTRYPOINT ["/app/hive_router"]
CMD []
