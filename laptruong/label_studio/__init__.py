"""Label Studio: what a model withheld goes there as tasks, what people answer comes back as corpus records."""

from laptruong.label_studio.interface import config
from laptruong.label_studio.records import Imported, read_tasks
from laptruong.label_studio.tasks import tasks

__all__ = ["Imported", "config", "read_tasks", "tasks"]
