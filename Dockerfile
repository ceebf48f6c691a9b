# One image for every process; docker-compose.yml says which command each container runs.
FROM python:3.11-slim AS build
RUN python -m venv /opt/dialer
WORKDIR /build
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY dialer dialer
COPY workers workers
COPY schedules schedules
RUN /opt/dialer/bin/pip install --no-cache-dir --constraint constraints.txt .

FROM python:3.11-slim
# A number that no file of the host belongs to by accident.
RUN useradd --uid 10001 --create-home --home-dir /var/lib/dialer dialer \
 && install -d -o dialer /var/lib/dialer/.dialer
COPY --from=build /opt/dialer /opt/dialer
COPY ops/entrypoint /usr/local/bin/entrypoint
ENV PATH=/opt/dialer/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# No source tree here: a folder named `workers` in the working directory would shadow ours.
WORKDIR /var/lib/dialer
USER 10001
ENTRYPOINT ["entrypoint"]
CMD ["celery", "-A", "workers.app", "worker"]
