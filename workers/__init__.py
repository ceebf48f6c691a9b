"""Where calls are placed: the Celery application, its tasks and its process wiring."""
