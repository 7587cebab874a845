// Allows functions without a body, whose code is the server's (see local.go).
