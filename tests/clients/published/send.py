# Send a mail to yourself, for instance when a simulation has finished.
import requests

url = "http://localhost:9000/users/api"
body = {"email": "demo@example.org", "password": "demo-password-1"}
cookies = requests.post(url + "/auth", json=body).cookies

mail = {"title": "Job 12 has finished", "message": "The results are in test/today."}
r = requests.post(url + "/send", json=mail, cookies=cookies)
print(r.text)
