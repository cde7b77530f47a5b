"""Is a model good, can it be believed, and which of two is better?"""

from laptruong.evaluation.comparison import Compared, compare
from laptruong.evaluation.items import collect
from laptruong.evaluation.report import Evaluation, evaluate, read_report
from laptruong.evaluation.resampling import Draws
from laptruong.evaluation.scores import judge, score, score_actors

__all__ = ["Compared", "Draws", "Evaluation", "collect", "compare", "evaluate", "judge", "read_report", "score", "score_actors"]
