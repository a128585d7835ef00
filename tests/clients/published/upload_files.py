# Upload files to a folder, which is made if need be. Every file is a part named "file".
import requests

url = "http://localhost:9000/users/api"
body = {"email": "demo@example.org", "password": "demo-password-1"}
cookies = requests.post(url + "/auth", json=body).cookies

files = [
    ("file", open("model.idf", "rb")),
    ("file", open("weather.epw", "rb")),
]
r = requests.post(url + "/files/test/today", files=files, cookies=cookies)
print(r.text)
