// SPDX-License-Identifier: Apache-2.0

// A MongoDB-compatible server for the read model's tests: FerretDB with its SQLite back end, in one process.
// Usage: ferretdb <host:port> <data folder> [pages]. With pages, a database of so many pages of 4 KiB is full: SQLite's own
// "database or disk is full". Prints "listening <host:port>" when it answers, and stops on SIGINT or SIGTERM.
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	if len(os.Args) < 3 || len(os.Args) > 4 {
		fail(fmt.Errorf("usage: ferretdb <host:port> <data folder> [pages]"))
	}
	address, url := os.Args[1], "file:"+os.Args[2]+"/"
	if len(os.Args) == 4 {
		url += "?_pragma=max_page_count(" + os.Args[3] + ")"
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	server, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: address},
		Handler:   "sqlite",
		SQLiteURL: url,
	})
	if err != nil {
		fail(err)
	}
	go announce(ctx, address)
	if err := server.Run(ctx); err != nil && ctx.Err() == nil {
		fail(err)
	}
}

// announce tells the caller that the port answers.
func announce(ctx context.Context, address string) {
	for ctx.Err() == nil {
		connection, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			connection.Close()
			fmt.Println("listening", address)
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
