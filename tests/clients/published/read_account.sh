# Read your account details.
curl -b cookies.txt http://localhost:9000/users/api/user
