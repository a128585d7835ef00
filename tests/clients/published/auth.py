# Log on, under the address that most programs use. It does the same as /logon.
import requests

url = "http://localhost:9000/users/api"
body = {"email": "demo@example.org", "password": "demo-password-1"}

r = requests.post(url + "/auth", json=body)
print(r.text)
