"""``python -m synhead_tools``."""

from synhead_tools.cli.main import main

if __name__ == "__main__":
    main()
