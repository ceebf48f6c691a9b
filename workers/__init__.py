"""Workers: the Celery application, its tasks and its process wiring."""
