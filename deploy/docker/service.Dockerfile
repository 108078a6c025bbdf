# syntax=docker/dockerfile:1.17
# One file for the four services:
#   docker build --file deploy/docker/service.Dockerfile --build-arg SERVICE=inventory --tag lichen/inventory:0.1.0 .
# Tags are pinned here, digests by the release. No development issuer, no embedded part, nothing of local/ goes in.
ARG SERVICE
# The Python that the tests run on.
ARG PYTHON_IMAGE=python:3.11.14-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ARG SERVICE
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore UV_NO_CACHE=1
WORKDIR /source
COPY locks/uv.txt locks/uv.txt
RUN python -m pip install --no-cache-dir --require-hashes --requirement locks/uv.txt \
    && python -m uv venv /opt/lichen
COPY locks/${SERVICE}.txt locks/service.txt
RUN python -m uv pip install --python /opt/lichen/bin/python --require-hashes --compile-bytecode \
    --requirement locks/service.txt
COPY contracts contracts
COPY libs/quantities libs/quantities
COPY libs/chassis libs/chassis
COPY services/${SERVICE} service
# uv builds these itself, offline; what they need was installed from the lock and is checked to be enough.
RUN python -m uv pip install --python /opt/lichen/bin/python --offline --no-deps --compile-bytecode \
    ./contracts ./libs/quantities ./libs/chassis ./service \
    && python -m uv pip check --python /opt/lichen/bin/python \
    && /opt/lichen/bin/python -c "import ${SERVICE}.main"

FROM ${PYTHON_IMAGE} AS runtime
# The root file system is read-only where this runs: nothing is compiled or cached at run time.
ENV PATH=/opt/lichen/bin:${PATH} PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HOME=/tmp
COPY --from=build /opt/lichen /opt/lichen
WORKDIR /tmp
# A number, so that Kubernetes can see that it is not root.
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
CMD ["serve"]

# An entry point cannot hold a build argument, so each service has a stage, and SERVICE names the last one.
FROM runtime AS inventory
ENTRYPOINT ["python", "-m", "inventory"]

FROM runtime AS targets
ENTRYPOINT ["python", "-m", "targets"]

FROM runtime AS offsets
ENTRYPOINT ["python", "-m", "offsets"]

FROM runtime AS reporting
ENTRYPOINT ["python", "-m", "reporting"]

FROM runtime AS access
ENTRYPOINT ["python", "-m", "access"]

FROM ${SERVICE} AS service
