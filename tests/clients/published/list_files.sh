# List a folder with all that is in it. Without a folder's name it is everything you have.
curl -b cookies.txt http://localhost:9000/users/api/files/test
