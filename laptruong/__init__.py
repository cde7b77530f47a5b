"""laptruong: who says yes and who says no in Vietnamese news on the war in Ukraine."""

from laptruong._version import __version__
from laptruong.actors import ActorFinder
from laptruong.articles import Article, Mention, Paragraph, Statement
from laptruong.errors import LaptruongError
from laptruong.labelling import Labeller
from laptruong.labels import ArticleLabels
from laptruong.models import load
from laptruong.reading import article_from_text, read_articles
from laptruong.scheme import Scheme, load_scheme

__all__ = [
    "ActorFinder",
    "Article",
    "ArticleLabels",
    "Labeller",
    "LaptruongError",
    "Mention",
    "Paragraph",
    "Scheme",
    "Statement",
    "__version__",
    "article_from_text",
    "load",
    "load_scheme",
    "read_articles",
]
