"""`python -m policy_engine`: the same program as `policy-engine`."""

import sys

from policy_engine.cli import main

if __name__ == "__main__":
    sys.exit(main())
