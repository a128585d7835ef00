# Change account details. Whatever is not named stays as it is.
import requests

url = "http://localhost:9000/users/api"
body = {"email": "demo@example.org", "password": "demo-password-1"}
cookies = requests.post(url + "/auth", json=body).cookies

changes = {"company": "Demo Engineers", "country": "UK"}
r = requests.post(url + "/user", json=changes, cookies=cookies)
print(r.text)
