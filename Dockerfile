# Two images from one file: `api` (no torch in it) and `worker` (what learns). Every package is taken by the hashes of
# requirements.lock, and the base may be named by its digest:
#   docker build --target api -t adaline-api --build-arg PYTHON_IMAGE=python:3.11-slim-bookworm@sha256:… .
# torch is the build for GPUs, which the index has; WHEELS names a place with its build for processors alone, which is
# 3 GB smaller: --build-arg WHEELS=https://…
ARG PYTHON_IMAGE=python:3.11-slim-bookworm
FROM ${PYTHON_IMAGE} AS base
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PATH=/venv/bin:$PATH
# /data/tmp: spooled uploads are too large for a tmpfs
RUN useradd --create-home --uid 10001 adaline && mkdir -m 700 -p /data/tmp && chmod 700 /data && chown -R adaline /data

FROM base AS build-api
WORKDIR /src
COPY requirements.lock ./
# dependencies first: they change less often than the code, and their layer is kept
RUN part() { sed -n "/^# $1:/,/^# $2:/p" requirements.lock; } \
 && part build api > /build.txt && part api worker > /api.txt && part worker gpu > /worker.txt && part gpu dev > /gpu.txt \
 && python3 -m venv /venv && python3 -m venv /making \
 && pip install --no-deps --require-hashes -r /api.txt \
 && /making/bin/pip install --no-deps --require-hashes -r /build.txt \
 # headers and tests are for those who build, and 60 MB
 && rm -rf /venv/lib/python3*/site-packages/pyarrow/include /venv/lib/python3*/site-packages/*/tests
COPY pyproject.toml README.md LICENSE ./
COPY service service
COPY workers workers
RUN /making/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . && pip install --no-deps /wheels/*.whl

FROM build-api AS build-worker
ARG WHEELS=
RUN pip install --no-deps --require-hashes ${WHEELS:+--find-links $WHEELS} -r /worker.txt \
 && case "$(pip show torch | grep '^Version')" in *+cpu) ;; *) pip install --no-deps --require-hashes -r /gpu.txt;; esac

FROM build-api AS stripped-api
RUN pip uninstall --yes --quiet pip

FROM base AS api
COPY --from=stripped-api /venv /venv
USER adaline
WORKDIR /home/adaline
ENV ADALINE_DATA=/data ADALINE_HOST=0.0.0.0 ADALINE_LOG_FORMAT=json TMPDIR=/data/tmp
VOLUME /data
EXPOSE 8000
CMD ["adaline", "api"]

FROM base AS worker
COPY --from=build-worker /venv /venv
USER adaline
WORKDIR /home/adaline
# the fused engine's kernels are compiled here, not before somebody's first job; another processor compiles its own
RUN python3 -m workers.training.engines.warm
ENV ADALINE_DATA=/data ADALINE_LOG_FORMAT=json TMPDIR=/data/tmp
VOLUME /data
CMD ["adaline", "worker"]
