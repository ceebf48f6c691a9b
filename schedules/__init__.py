"""When calls may be placed: pure calendar, no Redis, no Celery, nothing else of ours."""
