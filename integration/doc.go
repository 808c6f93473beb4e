// Package integration proves pkgferry as people run it: its binary, against servers that are processes of their own.
//
// "go test ./integration" needs nothing but Go and a C compiler; the servers are the stand-ins. With the build tag
// "integration" there are real servers and real clients too, which install.sh installs; what is missing then fails the
// test. Names of environment variables and of commands are those that users type.
package integration
