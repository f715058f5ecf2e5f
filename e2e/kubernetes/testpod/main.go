// Program testpod is what the pods of the real-cluster tests run.
//
//	testpod                 waits until it is told to stop: the process of a pod sandbox
//	testpod web             answers each request on :8080 with the pod's name; goes in good order
//	testpod client URL      calls URL without a pause, each time over a new connection, and prints each failure
package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// How long a pod that is told to stop still answers: Services learn of it within this time.
const farewell = 5 * time.Second

func main() {
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	switch {
	case len(os.Args) == 2 && os.Args[1] == "web":
		serve(stop)
	case len(os.Args) == 3 && os.Args[1] == "client":
		call(stop, os.Args[2])
	default:
		<-stop.Done()
	}
}

func serve(stop context.Context) {
	name, _ := os.Hostname()
	mux := http.NewServeMux()
	mux.HandleFunc("/ready", func(answer http.ResponseWriter, _ *http.Request) {
		if stop.Err() != nil {
			answer.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	mux.HandleFunc("/", func(answer http.ResponseWriter, _ *http.Request) { fmt.Fprintln(answer, name) })
	server := &http.Server{Addr: ":8080", Handler: mux}
	go func() {
		if err := server.ListenAndServe(); err != http.ErrServerClosed {
			fmt.Println(err)
			os.Exit(1)
		}
	}()
	<-stop.Done()
	time.Sleep(farewell)
	_ = server.Shutdown(context.Background())
}

func call(stop context.Context, url string) {
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	answered, failed := 0, 0
	for last := time.Now(); stop.Err() == nil; time.Sleep(50 * time.Millisecond) {
		if err := get(client, url); err != nil {
			failed++
			fmt.Printf("failed: %v\n", err)
		} else {
			answered++
		}
		if time.Since(last) > time.Second {
			last = time.Now()
			fmt.Printf("so far: answered=%d failed=%d\n", answered, failed)
		}
	}
}

func get(client *http.Client, url string) error {
	answer, err := client.Get(url)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", answer.StatusCode)
	}
	return nil
}
