# Confirm once more who you are, for instance before something that cannot be undone.
import requests

url = "http://localhost:9000/users/api"
body = {"email": "demo@example.org", "password": "demo-password-1"}
cookies = requests.post(url + "/auth", json=body).cookies

r = requests.post(url + "/confirm", json=body, cookies=cookies)
print(r.text)
