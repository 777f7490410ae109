"""The Celery application: settings from Django, tasks found in every room."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("saldo")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
