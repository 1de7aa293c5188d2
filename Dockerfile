# Two images from one file: `api` (no torch in it) and `worker` (what learns).
#   docker build --target api -t adaline-api .
FROM python:3.11-slim-bookworm AS base
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PATH=/venv/bin:$PATH
RUN useradd --create-home --uid 10001 adaline && mkdir /data && chown adaline /data

FROM base AS build-api
RUN python3 -m venv /venv
WORKDIR /src
# dependencies first: they change less often than the code, and their layer is kept
COPY pyproject.toml requirements.lock ./
RUN mkdir service workers && touch README.md LICENSE service/__init__.py workers/__init__.py \
 && pip install --no-cache-dir -c requirements.lock .
COPY README.md LICENSE ./
COPY service service
COPY workers workers
RUN pip install --no-cache-dir --no-deps --force-reinstall .

FROM build-api AS build-worker
RUN pip install --no-cache-dir -c requirements.lock '.[worker]'

FROM base AS api
COPY --from=build-api /venv /venv
USER adaline
WORKDIR /home/adaline
ENV ADALINE_DATA=/data ADALINE_HOST=0.0.0.0 ADALINE_LOG_FORMAT=json
VOLUME /data
EXPOSE 8000
CMD ["adaline", "api"]

FROM base AS worker
COPY --from=build-worker /venv /venv
USER adaline
WORKDIR /home/adaline
# the fused engine's kernels are compiled here, not before somebody's first job; another processor compiles its own
RUN python3 -m workers.training.engines.warm
ENV ADALINE_DATA=/data ADALINE_LOG_FORMAT=json
VOLUME /data
CMD ["adaline", "worker"]
