// Package routes knows routes and status codes, and nothing of plugins.
package routes

import (
	"fmt"
	"strings"
)

// Template makes `/orders/{id}` of `/orders/84321`.
func Template(path string) string {
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		switch {
		case isNumber(segment):
			segments[i] = "{id}"
		case isUUID(segment):
			segments[i] = "{uuid}"
		}
	}
	return strings.Join(segments, "/")
}

// Class makes `4xx` of 404; false for what is no HTTP status.
func Class(status int64) (string, bool) {
	if status < 100 || status > 599 {
		return "", false
	}
	return fmt.Sprintf("%dxx", status/100), true
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

func isNumber(segment string) bool {
	for i := range len(segment) {
		if !isDigit(segment[i]) {
			return false
		}
	}
	return segment != ""
}

// isUUID knows the text form of RFC 9562, section 4, in either case.
func isUUID(segment string) bool {
	if len(segment) != 36 {
		return false
	}
	for i := range len(segment) {
		b := segment[i]
		switch i {
		case 8, 13, 18, 23:
			if b != '-' {
				return false
			}
		default:
			if lower := b | 0x20; !isDigit(b) && (lower < 'a' || lower > 'f') {
				return false
			}
		}
	}
	return true
}
