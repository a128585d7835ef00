# Upload a zip. It is unpacked, and fileHandle tells where its files are.
import requests

url = "http://localhost:9000/users/api"
body = {"email": "demo@example.org", "password": "demo-password-1"}
cookies = requests.post(url + "/auth", json=body).cookies

r = requests.post(url + "/files/jobs", files={"file": open("job.zip", "rb")}, cookies=cookies)
print(r.text)
