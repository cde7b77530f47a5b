"""``python -m laptruong.cli``, for where the script is not on the path."""

from laptruong.cli import main

main()
