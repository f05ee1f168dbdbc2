// SPDX-License-Identifier: Apache-2.0

// Reads container compose files as `docker compose config` does, by the Compose Specification's own library: syntax, schema, and that the
// files they name are there. Starts nothing and needs no container engine.
// Usage: compose <file>... Prints a line for each file; ends with 1 when one is refused.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

func main() {
	status := 0
	for _, file := range os.Args[1:] {
		project, err := load(file)
		if err != nil {
			fmt.Printf("refused %s: %v\n", file, err)
			status = 1
			continue
		}
		fmt.Printf("accepted %s: %s\n", file, strings.Join(project.ServiceNames(), " "))
	}
	os.Exit(status)
}

func load(file string) (*types.Project, error) {
	options, err := cli.NewProjectOptions([]string{file}, cli.WithResolvedPaths(true))
	if err != nil {
		return nil, err
	}
	return options.LoadProject(context.Background())
}
