# Delete a file, or a folder with all that is in it.
curl -b cookies.txt -X DELETE http://localhost:9000/users/api/files/test/today
