"""`python -m latticeforge.cli` is `lf`."""

from latticeforge.cli import main

main()
