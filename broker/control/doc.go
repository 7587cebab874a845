// Package control lets a person on a node's own machine look at its cluster and change it,
// also while nothing can be written: a Unix socket in the store's folder.
//
// It promises that whoever can open the socket, which the folder's mode leaves to the node's
// own user and to root, is named by what the kernel says of him, and that each change is
// told to Deps.Changed before it begins and after it has ended.
//
// It does not ask for tokens, and is reachable from no other machine.
package control
