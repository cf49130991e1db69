"""Entry point of every Spark job: `main.py cycle|silver|gold [options]`. Exit codes are listed in runner/outcome.py."""
from __future__ import annotations

import os
import sys

# spark-submit puts jobs.zip on the path; started from a checkout, the folder above this file is the package root.
if not any(path.endswith("jobs.zip") for path in sys.path):
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from runner.args import parse_args  # noqa: E402
from runner.job import run_job  # noqa: E402

if __name__ == "__main__":
    sys.exit(run_job(parse_args(sys.argv[1:])))
