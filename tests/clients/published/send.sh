# Send a mail to yourself, for instance when a simulation has finished.
curl -b cookies.txt \
     -H "Content-Type: application/json" \
     -d '{"title": "Job 12 has finished", "message": "The results are in test/today."}' \
     http://localhost:9000/users/api/send
