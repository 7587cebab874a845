// Command example writes the example of a configuration to the file that is named.
package main

import (
	"log"
	"os"

	"github.com/govcrier/crier/config"
)

func main() {
	if err := write(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func write(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := config.Describe(f); err != nil {
		return err
	}
	return f.Close()
}
