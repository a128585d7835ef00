# Confirm once more who you are, for instance before something that cannot be undone.
curl -b cookies.txt -c cookies.txt \
     -H "Content-Type: application/json" \
     -d '{"email": "demo@example.org", "password": "demo-password-1"}' \
     http://localhost:9000/users/api/confirm
