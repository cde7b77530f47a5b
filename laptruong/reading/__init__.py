"""From files to articles: text as a crawler saves it, HTML, JSON Lines, CSV, Parquet; folders, globs, standard input, gzip."""

from laptruong.reading.inputs import read_articles
from laptruong.reading.pages import Refusal, article_from_text

__all__ = ["Refusal", "article_from_text", "read_articles"]
