# Log off: the session ends, and curl forgets the cookie.
curl -b cookies.txt -c cookies.txt -X POST http://localhost:9000/users/api/logout
