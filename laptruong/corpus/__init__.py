"""Labelled articles: read, checked, counted, joined with texts that live elsewhere."""

from laptruong.corpus.records import Dataset, LabelledArticle, file_sha256, flatten, make_examples, read_corpus

__all__ = ["Dataset", "LabelledArticle", "file_sha256", "flatten", "make_examples", "read_corpus"]
