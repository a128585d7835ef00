# Log on, under the address that most programs use. It does the same as /logon.
curl -c cookies.txt \
     -H "Content-Type: application/json" \
     -d '{"email": "demo@example.org", "password": "demo-password-1"}' \
     http://localhost:9000/users/api/auth
