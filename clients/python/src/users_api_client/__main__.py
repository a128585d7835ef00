"""`python -m users_api_client` is the command `usersapi`."""

from .cli import main

main()
