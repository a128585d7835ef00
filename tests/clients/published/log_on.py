# Log on. The session token arrives as a cookie; hand r.cookies on with all later requests.
import requests

url = "http://localhost:9000/users/api"
body = {"email": "demo@example.org", "password": "demo-password-1"}

r = requests.post(url + "/logon", json=body)
print(r.text)
cookies = r.cookies
