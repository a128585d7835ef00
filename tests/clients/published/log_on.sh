# Log on. The session token arrives as a cookie, and curl keeps it in cookies.txt for all later commands.
curl -c cookies.txt \
     -H "Content-Type: application/json" \
     -d '{"email": "demo@example.org", "password": "demo-password-1"}' \
     http://localhost:9000/users/api/logon
