# Download a file.
import requests

url = "http://localhost:9000/users/api"
body = {"email": "demo@example.org", "password": "demo-password-1"}
cookies = requests.post(url + "/auth", json=body).cookies

r = requests.get(url + "/files/test/today/model.idf", cookies=cookies)
with open("copy.idf", "wb") as file:
    file.write(r.content)
