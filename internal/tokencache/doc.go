// Package tokencache keeps tokens between commands and between processes.
//
// A Source decorates a grant: it answers from a Store while the token there is
// valid, without a lock, and otherwise locks, reads again, renews, saves and
// unlocks, so that any number of processes make one token request.
//
// There are three stores. Keyring is the operating system's, through
// zalando/go-keyring (one API for Secret Service, Keychain and Credential
// Manager). File is sealed with AES-256-GCM, for machines without a keyring.
// Memory lasts as long as the process. Stores picks one and remembers, in an
// index that holds no secret, which credential rests where: a keyring cannot be
// listed.
//
// The lock is that of package filelock, which ends with its process: a killed one
// blocks nobody.
package tokencache
