# Change account details. Whatever is not named stays as it is.
curl -b cookies.txt \
     -H "Content-Type: application/json" \
     -d '{"company": "Demo Engineers", "country": "UK"}' \
     http://localhost:9000/users/api/user
