# Ask which version of the API answers. This needs no log-on.
import requests

r = requests.get("http://localhost:9000/users/api/info")
print(r.text)
