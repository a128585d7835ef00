# List a folder with all that is in it. Without a folder's name it is everything you have.
import requests

url = "http://localhost:9000/users/api"
body = {"email": "demo@example.org", "password": "demo-password-1"}
cookies = requests.post(url + "/auth", json=body).cookies

r = requests.get(url + "/files/test", cookies=cookies)
print(r.text)
