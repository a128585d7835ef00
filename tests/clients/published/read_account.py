# Read your account details.
import requests

url = "http://localhost:9000/users/api"
body = {"email": "demo@example.org", "password": "demo-password-1"}
cookies = requests.post(url + "/auth", json=body).cookies

r = requests.get(url + "/user", cookies=cookies)
print(r.text)
