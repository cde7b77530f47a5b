"""From new articles to labels: batches of any size to records, tables and pages."""

from infer.pipeline import Summary, label_files

__all__ = ["Summary", "label_files"]
