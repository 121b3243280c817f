package pdf

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxFrame limits every frame, independent of the limits in use: the length is four bytes on the wire.
const maxFrame = 1 << 30

// errFrame is the error of a frame that breaks the protocol.
var errFrame = errors.New("frame out of bounds")

// writeFrame sends one message: four bytes of length, big endian, then the message.
func writeFrame(w io.Writer, message []byte) error {
	if len(message) > maxFrame {
		return fmt.Errorf("send %d bytes: %w", len(message), errFrame)
	}
	head := binary.BigEndian.AppendUint32(nil, uint32(len(message)))
	if _, err := w.Write(head); err != nil {
		return err
	}
	_, err := w.Write(message)
	return err
}

// readFrame receives one message of at most limit bytes. The end of r before the first byte is io.EOF, later io.ErrUnexpectedEOF. It
// allocates memory for the bytes that arrive, not for the announced length.
func readFrame(r io.Reader, limit int64) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	length := int64(binary.BigEndian.Uint32(head[:]))
	if length > min(limit, maxFrame) {
		return nil, fmt.Errorf("receive %d bytes: %w", length, errFrame)
	}
	message, err := io.ReadAll(io.LimitReader(r, length))
	if err == nil && int64(len(message)) < length {
		err = io.ErrUnexpectedEOF
	}
	return message, err
}

// writeJSON sends v as one frame.
func writeJSON(w io.Writer, v any) error {
	message, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return writeFrame(w, message)
}

// readJSON receives one frame of at most limit bytes into v.
func readJSON(r io.Reader, limit int64, v any) error {
	message, err := readFrame(r, limit)
	if err != nil {
		return err
	}
	return json.Unmarshal(message, v)
}
