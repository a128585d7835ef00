# Upload a zip. It is unpacked, and fileHandle tells where its files are.
curl -b cookies.txt -F file=@job.zip http://localhost:9000/users/api/files/jobs
