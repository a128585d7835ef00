# Ask which version of the API answers. This needs no log-on.
curl http://localhost:9000/users/api/info
