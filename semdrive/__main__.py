"""`python -m semdrive`."""

from semdrive.cli import main

main()
