# Delete a file, or a folder with all that is in it.
import requests

url = "http://localhost:9000/users/api"
body = {"email": "demo@example.org", "password": "demo-password-1"}
cookies = requests.post(url + "/auth", json=body).cookies

r = requests.delete(url + "/files/test/today", cookies=cookies)
print(r.text)
