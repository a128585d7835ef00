# Log off: the session ends.
import requests

url = "http://localhost:9000/users/api"
body = {"email": "demo@example.org", "password": "demo-password-1"}
cookies = requests.post(url + "/auth", json=body).cookies

r = requests.post(url + "/logout", cookies=cookies)
print(r.text)
