"""`python -m consolidator` is the same as `consolidator`."""

from consolidator.cli import main

if __name__ == "__main__":
    main()
