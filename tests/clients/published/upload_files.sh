# Upload files to a folder, which is made if need be. Every file is a part named "file".
curl -b cookies.txt \
     -F file=@model.idf \
     -F file=@weather.epw \
     http://localhost:9000/users/api/files/test/today
