# Check in: get a new session token before the old one ends.
curl -b cookies.txt -c cookies.txt -X POST http://localhost:9000/users/api/checkin
