# Download a file.
curl -b cookies.txt -o copy.idf http://localhost:9000/users/api/files/test/today/model.idf
