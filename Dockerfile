# The tracker. Alone it is embedded; compose.yaml runs it on its services.
# BASE may be a copy of Debian 12 on a registry of your own.
ARG BASE=docker.io/library/debian:12.15-slim

FROM ${BASE} AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3-venv
COPY requirements.txt /tmp/
# requirements.txt is a complete lock: pip must not add a second Cassandra driver.
RUN python3 -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --no-deps --only-binary :all: --requirement /tmp/requirements.txt \
    && /opt/venv/bin/pip uninstall --yes setuptools pip

FROM ${BASE}
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates python3 \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb \
    && useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin hitledger \
    && install --directory --owner hitledger --group hitledger --mode 700 /var/lib/hitledger
COPY --from=build /opt/venv /opt/venv
WORKDIR /opt/hitledger
COPY manage.py Procfile LICENSE ./
COPY tracker tracker
COPY conversions conversions
COPY reporting reporting
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PORT=8000 \
    HITLEDGER_STATE=/var/lib/hitledger
# Nothing is written here later, so that the root file system may be read-only.
RUN mkdir staticfiles \
    && HITLEDGER_STATE=/tmp/build python manage.py collectstatic --noinput --verbosity 0 \
    && python -m compileall -q /opt/hitledger /opt/venv/lib \
    && chmod -R a+rX /opt/hitledger \
    && rm -rf /tmp/build
# A number, by which Kubernetes sees that it is not root.
USER 10001:10001
VOLUME /var/lib/hitledger
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import os, urllib.request as web; web.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=4)"]
CMD ["python", "-m", "tracker.supervisor", "migrate --noinput --verbosity 0", "prepare"]
