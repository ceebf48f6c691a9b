"""Calendars of calling hours, pure: no Redis, no Celery, nothing else of ours."""
