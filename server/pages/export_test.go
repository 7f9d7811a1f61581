package pages

import "net/url"

// Destination returns where a person is sent after signing in, by what a query
// or a form says.
func Destination(values url.Values) string { return destination(values).path() }
