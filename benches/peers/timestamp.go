// The timestamp server as it is written in Go: a goroutine for each connection, bufio on
// both sides, and a flush when nothing more has been read.
package main

import (
	"bufio"
	"fmt"
	"net"
	"time"
)

func serve(connection net.Conn) {
	defer connection.Close()
	reader := bufio.NewReader(connection)
	writer := bufio.NewWriter(connection)
	for {
		line, err := reader.ReadSlice('\n')
		if err != nil {
			return
		}
		writer.WriteByte('[')
		writer.WriteString(time.Now().Format(time.ANSIC))
		writer.WriteString("] ")
		writer.Write(line)
		if reader.Buffered() == 0 && writer.Flush() != nil {
			return
		}
	}
}

func main() {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr())
	for {
		connection, err := listener.Accept()
		if err != nil {
			// Most often there are no descriptors left; net/http waits likewise.
			time.Sleep(5 * time.Millisecond)
			continue
		}
		go serve(connection)
	}
}
