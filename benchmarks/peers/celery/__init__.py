"""Celery with Django: four tasks per person through a Redis broker; and Django alone, a thousand rows at a time."""
