// Command gatehouse is the whole platform in one program. Its wiring is package
// cmd, so that others can build their own program of it.
package main

import (
	"os"

	"github.com/gatehouse-auth/gatehouse/cmd"
)

func main() { os.Exit(cmd.Main(os.Args[1:])) }
